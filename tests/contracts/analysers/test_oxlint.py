"""`ports.analysers` over the real oxlint."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.oxlint import MAJOR, MINOR, Oxlint
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.domain.findings import Finding

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio


def _brief(findings: tuple[Finding, ...]) -> list[tuple[str, int, str, str]]:
    return [(f.path, f.line, f.rule, str(f.severity)) for f in findings]


async def test_bugs_and_litter_are_told_apart(oxlint: Oxlint, plant: Plant) -> None:
    source = "const a = 1;\nlet unused = 2;\nif (a === NaN) {\n  debugger;\n}\na = 3;\n"
    got = await oxlint.analyse(*plant({"a.js": source}))
    assert _brief(got.findings) == [
        ("a.js", 2, "no-unused-vars", "minor"),
        ("a.js", 3, "use-isnan", "major"),
        ("a.js", 4, "no-debugger", "major"),
        ("a.js", 6, "no-const-assign", "major"),
    ]
    assert got.findings[3].text == "a = 3;"
    assert got.findings[3].url.startswith("https://oxc.rs/")


async def test_typescript_and_jsx_are_understood(oxlint: Oxlint, plant: Plant) -> None:
    files = {
        "a.ts": "export const a = (b: string): number => b.length;\nexport type C = typeof a;\nexport enum D { E }\n",
        "a.tsx": "export const A = (p: { b: string }) => <b title={p.b}>{p.b}</b>;\n",
        "a.jsx": "export const A = () => <b />;\n",
        "a.js": "export const A = () => <b />;\n",
        "a.mjs": "import x from 'y';\nexport default await x();\n",
        "a.cjs": "const { x } = require('y');\nmodule.exports = { x };\n",
        "a.d.ts": "declare const a: number;\nexport default a;\n",
    }
    got = await oxlint.analyse(*plant(files))
    assert (got.findings, got.unread) == ((), {})


async def test_a_syntax_error_is_one_major_finding(oxlint: Oxlint, plant: Plant) -> None:
    got = await oxlint.analyse(*plant({"a.ts": "let x: = 3\nlet y: = 4\n", "b.js": "debugger;\n"}))
    assert _brief(got.findings) == [("a.ts", 1, "invalid-syntax", "major"), ("b.js", 1, "no-debugger", "major")]


async def test_another_language_is_not_judged_by_its_syntax(oxlint: Oxlint, plant: Plant) -> None:
    files = {"a.js": "/* @flow */\nfunction f(x: ?number) {}\n", "b.js": "let a = {{ b }};\n<% c %>\n"}
    got = await oxlint.analyse(*plant(files))
    assert (got.findings, list(got.partly), list(got.unread)) == ((), ["a.js"], ["b.js"])


async def test_no_advice_is_given_about_what_a_machine_wrote_in_one_line(oxlint: Oxlint, plant: Plant) -> None:
    line = "var a = 1;" * 300
    got = await oxlint.analyse(*plant({"a.js": f"{line} a = a; debugger;\na = a;\n"}))
    assert [f.rule for f in got.findings if f.line == 1] == ["no-debugger"]
    assert "no-self-assign" in [f.rule for f in got.findings if f.line == 2]


async def test_arguments_that_a_signature_must_name_are_no_litter(oxlint: Oxlint, plant: Plant) -> None:
    source = "export const f = (request, response, next) => 1;\ntry { f(); } catch (e) { f(1); }\n"
    assert (await oxlint.analyse(*plant({"a.js": source}))).findings == ()


def test_javascript_is_known_by_its_name(oxlint: Oxlint) -> None:
    paths = ["a.js", "b.MJS", "c.tsx", "d.d.ts", "e.min.js", "f-min.js", "g.bundle.js", "h.json", "i.vue"]
    assert [path for path in paths if oxlint.wants(path)] == paths[:4]


async def test_the_selection_knows_only_rules_that_this_oxlint_has(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(["oxlint", "--rules", "--format", "json"], cwd=tmp_path)
    known = {r["value"] if r["scope"] == "eslint" else f"{r['scope']}/{r['value']}" for r in json.loads(done.stdout)}
    assert set(MAJOR) | set(MINOR) <= known
    assert not set(MAJOR) & set(MINOR)
