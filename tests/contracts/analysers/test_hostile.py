"""Every analyser over what a stranger may put into a pull request to mute it, break it or have it run something."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from forgehand.adapters.analysers.hadolint import Hadolint
from forgehand.adapters.analysers.oxlint import Oxlint
from forgehand.adapters.analysers.ruff import Ruff
from forgehand.adapters.analysers.shellcheck import Shellcheck
from forgehand.adapters.analysers.yamllint import Yamllint
from forgehand.adapters.analysers.zizmor import Zizmor
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.ports.analysers import Analyser, AnalyserFailed
from forgehand.ports.children import Children, Finished, Limits
from support.secrets import Fakes

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio

WORKFLOW = (
    "name: a\non: issues\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "      - run: echo ${{ github.event.issue.title }}"
)
MADE: dict[str, Callable[..., Analyser]] = {
    "ruff": Ruff,
    "shellcheck": Shellcheck,
    "yamllint": Yamllint,
    "zizmor": Zizmor,
    "hadolint": Hadolint,
    "oxlint": Oxlint,
}
FLAWED = {
    "ruff": ("a.py", "print(undefined_name)", 1, "F821"),
    "shellcheck": ("a.sh", "[ -n $x ]", 1, "SC2070"),
    "yamllint": ("a.yml", "a: 1\na: 2", 2, "key-duplicates"),
    "zizmor": (".github/workflows/a.yml", WORKFLOW, 8, "template-injection"),
    "hadolint": ("Dockerfile", 'FROM a:1\nRUN rm -rf "$X/"*', 2, "SC2115"),
    "oxlint": ("a.js", "debugger;", 1, "no-debugger"),
}
"""One major flaw for each: a path, the source, the line and the rule."""
CONFIGURED = {
    "ruff": {
        "ruff.toml": 'exclude = ["*"]\n',
        ".ruff.toml": "lint.select = []\n",
        "pyproject.toml": '[tool.ruff]\nexclude = ["*"]\n[tool.mypy]\nplugins = ["evil.py"]\n',
        "mypy.ini": "[mypy]\nplugins = evil.py\n",
        "setup.cfg": "[flake8]\nignore = F\n[mypy]\nplugins = evil.py\n",
    },
    "shellcheck": {".shellcheckrc": "disable=all\nexternal-sources=true\n", "shellcheckrc": "disable=all\n"},
    "yamllint": {
        ".yamllint": "ignore: '*'\nrules: {key-duplicates: disable}\n",
        ".yamllint.yaml": "rules: {}\n",
        ".yamllint.yml": "extends: /etc/passwd\n",
        "yaml.py": "open('evil-ran', 'w')\n",
        "yamllint/__init__.py": "open('evil-ran', 'w')\n",
        "sitecustomize.py": "open('evil-ran', 'w')\n",
    },
    "zizmor": {
        "zizmor.yml": "rules: {template-injection: {disable: true}}\n",
        ".github/zizmor.yml": "rules: {template-injection: {ignore: [a.yml]}}\n",
    },
    "hadolint": {
        ".hadolint.yaml": "ignored: [SC2115, DL1000]\n",
        "hadolint.yaml": "failure-threshold: none\nignored: [SC2115]\n",
        ".config/hadolint.yaml": "ignored: [SC2115]\n",
    },
    "oxlint": {
        ".oxlintrc.json": '{"rules": {"no-debugger": "off"}, "ignorePatterns": ["**"], "jsPlugins": ["./evil.js"]}\n',
        "oxlint.config.ts": "require('fs').writeFileSync('evil-ran', '')\n",
        ".eslintrc": '{"root": true, "plugins": ["evil"], "rules": {"no-debugger": 0}}\n',
        ".eslintrc.js": "require('fs').writeFileSync('evil-ran', '')\n",
        "eslint.config.js": "require('fs').writeFileSync('evil-ran', '')\n",
        "biome.json": '{"linter": {"enabled": false}}\n',
        ".eslintignore": "*\n",
        "package.json": '{"eslintConfig": {"rules": {"no-debugger": 0}}}\n',
        "tsconfig.json": '{"extends": "/etc/passwd", "exclude": ["**"]}\n',
    },
}
IGNORED = {
    ".gitignore": "*\n",
    ".ignore": "*\n",
    ".editorconfig": "[*]\nroot = true\n",
    ".gitattributes": "* filter=evil -text linguist-generated\n",
    ".git/config": "[core]\n\tfsmonitor = touch evil-ran\n",
    ".pre-commit-config.yaml": "repos: []\n",
}
MUTED = {
    "ruff": ["{}  # noqa\n", "# ruff: noqa\n{}\n", "# type: ignore\n# flake8: noqa\n{}\n"],
    "shellcheck": [
        "# shellcheck disable=all\n{}\n",
        "#shellcheck disable=SC2070\n{}\n",
        "#!/bin/sh\n#   shellcheck shell=sh disable=SC2070\n{}\n",
        "#\u00a0shellcheck disable=SC2070\n{}\n",
        "#\u2003shellcheck\u2003disable=SC2070\n{}\n",
    ],
    "yamllint": [
        "# yamllint disable-file\n{}\n",
        "# yamllint disable\n{}\n",
        "#yamllint disable rule:key-duplicates\n{}\n",
        "{} # yamllint disable-line\n",
        "#\u00a0yamllint disable-file\n{}\n",
        "#\u3000yamllint disable-file\n{}\n",
    ],
    "zizmor": [
        "{} # zizmor: ignore\n",
        "{} # zizmor: ignore[template-injection]\n",
        "{} #\u00a0zizmor:\u00a0ignore[template-injection]\n",
    ],
    "hadolint": [
        "# hadolint global ignore=SC2115\n{}\n",
        'FROM a:2\n# hadolint ignore=SC2115\nRUN rm -rf "$X/"*\n',
        'FROM a:2\n#\u00a0hadolint ignore=SC2115\nRUN rm -rf "$X/"*\n',
        'FROM a:2\nRUN true \\\n  # shellcheck disable=SC2115\n  && rm -rf "$X/"*\n',
    ],
    "oxlint": [
        "/* eslint-disable */\n{}\n",
        "/* oxlint-disable no-debugger */\n{}\n",
        "// eslint-disable-next-line\n{}\n",
        "{} // oxlint-disable-line no-debugger\n",
        "// @ts-nocheck\n{}\n",
    ],
}
MINOR_MUTED = {
    "ruff": ("a.py", "import os  # noqa: F401\n"),
    "shellcheck": ("a.sh", "#!/bin/sh\n# shellcheck disable=SC2164\ncd /x\n"),
    "zizmor": (
        ".github/workflows/a.yml",
        "name: a\non: pull_request_target # zizmor: ignore[dangerous-triggers]\npermissions: {}\njobs: {}\n",
    ),
    "hadolint": ("Dockerfile", "FROM a:1\n# hadolint ignore=DL3004\nRUN sudo make\n"),
    "oxlint": ("a.js", "// eslint-disable-next-line no-unused-vars\nlet a = 1;\n"),
}


def _made(kind: str, children: Children, **more: Any) -> Analyser:
    return MADE[kind](children, **more)


async def _rules(analyser: Analyser, tree: Path, paths: Sequence[str]) -> list[tuple[str, str]]:
    return [(f.path, f.rule) for f in (await analyser.analyse(tree, paths)).findings]


@pytest.mark.parametrize("kind", MADE)
async def test_no_configuration_of_the_tree_is_obeyed_or_run(children: ChildProcesses, plant: Plant, kind: str) -> None:
    path, source, line, rule = FLAWED[kind]
    tree, _ = plant({**IGNORED, **CONFIGURED[kind], "evil.py": "open('evil-ran', 'w')\n", path: f"{source}\n"})
    before = sorted(tree.rglob("*"))
    got = await _made(kind, children).analyse(tree, [path])
    assert [(f.path, f.line, f.rule, f.severity) for f in got.findings] == [(path, line, rule, "major")]
    assert sorted(tree.rglob("*")) == before


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind, forms in MUTED.items() for form in forms])
async def test_no_comment_silences_a_major_finding(
    children: ChildProcesses, plant: Plant, kind: str, form: str
) -> None:
    path, source, _, rule = FLAWED[kind]
    assert (path, rule) in await _rules(
        _made(kind, children), *plant({path: form.format(source) if "{}" in form else form})
    )


@pytest.mark.parametrize("kind", MADE)
async def test_a_long_line_hides_no_major_finding(children: ChildProcesses, plant: Plant, kind: str) -> None:
    path, source, _, rule = FLAWED[kind]
    padding = f"{'//' if kind == 'oxlint' else '#'} {'x' * 5_000}"
    assert (path, rule) in await _rules(_made(kind, children), *plant({path: f"{source} {padding}\n"}))


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("other_break", ["\r", "\u0085", "\u2028", "\u2029"])
async def test_what_lies_behind_a_line_break_that_git_does_not_count_is_told_on_its_line_or_unread(
    children: ChildProcesses, plant: Plant, kind: str, other_break: str
) -> None:
    path, source, line, _ = FLAWED[kind]
    sign = "//" if kind == "oxlint" else "#"
    got = await _made(kind, children).analyse(*plant({path: f"{sign} a{other_break}{sign} b\n{source}\n"}))
    # To shellcheck a return is an error, which it tells on the line where it is.
    told = {f.line for f in got.findings if f.severity == "major"} & {1, line + 1}
    assert told or list(got.unread) == [path]


@pytest.mark.parametrize("kind", MINOR_MUTED)
async def test_a_comment_silences_a_minor_finding(children: ChildProcesses, plant: Plant, kind: str) -> None:
    path, source = MINOR_MUTED[kind]
    assert await _rules(_made(kind, children), *plant({path: source})) == []
    assert await _rules(
        _made(kind, children), *plant({path: source.replace("noqa", "n").replace("able", "x").replace("ignore", "x")})
    )


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize(
    "folder",
    ["-x", "--config=evil", "@list", "a b", "node_modules", ".venv", "*", "[a]", "ünï文", "new\nline", 'q"uote', "a:b"],
)
async def test_no_name_hides_a_file_or_becomes_an_option(
    children: ChildProcesses, plant: Plant, kind: str, folder: str
) -> None:
    path, source, line, rule = FLAWED[kind]
    path = f"{folder}/{path}"
    analyser = _made(kind, children)
    assert analyser.wants(path)
    got = await analyser.analyse(*plant({path: f"{source}\n"}))
    assert [(f.path, f.line, f.rule) for f in got.findings] == [(path, line, rule)]


BROKEN = {
    "empty": b"",
    "a zero byte": b"\0\0\0",
    "no UTF-8": b"\xff\xfe\xe9\n",
    "no line end": b"x",
    "returns alone": b"a\rb\r",
    "one long line": b"x" * 1_900_000,
    "deep brackets": b"[" * 50_000,
    "deep parentheses": b"(" * 50_000,
    "deep braces": b"{" * 50_000,
    "deep mappings": b"".join(b" " * n + b"a:\n" for n in range(600)),
    "many quotes": b"'\"" * 50_000,
    "many marks": b"#TODO " * 10_000 + b"#1 " + b"x" * 400_000,
    "many directives": b"# shellcheck yamllint zizmor: hadolint eslint " * 10_000,
    "many tests": b"@Test fun " + b" " * 200_000 + b"test( " * 10_000,
    "many shouts": b"print('====" + b"=" * 200_000 + b"\nconsole.log('===" + b"=" * 200_000,
}


# Shellcheck has 30 seconds for a run, and several end only there.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", MADE)
async def test_files_that_nobody_would_write_cost_only_themselves(
    children: ChildProcesses, plant: Plant, kind: str
) -> None:
    path, source, line, rule = FLAWED[kind]
    files: dict[str, str | bytes] = {f"{name}/{path}": content for name, content in BROKEN.items()}
    # The good one first, since whoever is too slow does not get to the last of them.
    got = await _made(kind, children).analyse(*plant({f"good/{path}": f"{source}\n", **files}))
    assert [(f.line, f.rule) for f in got.findings if f.path == f"good/{path}"] == [(line, rule)]
    assert set(got.unread) <= set(files)
    assert all(len(f.text) <= 400 and len(f.title) < 2_100 for f in got.findings)


OWN = (
    "import asyncio, sys; from pathlib import Path; from forgehand.adapters.analysers import OwnRules;"
    "asyncio.run(OwnRules().analyse(Path(sys.argv[1]), sys.argv[2:]))"
)


async def test_they_do_not_hold_up_our_own_rules(children: ChildProcesses, plant: Plant) -> None:
    """In a process of its own: while a pattern matches, nothing else runs in one, not even what would end it."""
    named = [(name, path) for name in BROKEN for path in ("a.sh", "test_a.py", "a.test.js", "ATest.java", "a.rs")]
    tree, paths = plant({f"{name}/{path}": BROKEN[name] for name, path in named})
    done = await children.run([sys.executable, "-c", OWN, str(tree), *paths], cwd=tree, limits=Limits(seconds=100))
    assert (done.timed_out, done.code, done.stderr) == (False, 0, b"")


@pytest.mark.parametrize("kind", MADE)
async def test_a_program_that_is_not_there_is_a_failure_not_silence(plant: Plant, kind: str) -> None:
    path, source, _, _ = FLAWED[kind]
    nowhere = {"argv": ["no-such-program"]} if kind == "yamllint" else {"program": "no-such-program"}
    with pytest.raises(AnalyserFailed, match="no-such-program: not found"):
        await _made(kind, ChildProcesses(), **nowhere).analyse(*plant({path: source}))


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize(
    ("finished", "why"),
    [
        (Finished(101, b"", b"it panicked\n  at once", 0.1), "it panicked at once"),
        (Finished(-9, b"", b"", 30.0, timed_out=True), "longer than 60 s"),
    ],
)
async def test_a_program_that_always_breaks_is_a_failure(plant: Plant, kind: str, finished: Finished, why: str) -> None:
    class Broken:
        async def run(self, *_: object, **__: object) -> Finished:
            return finished

    path, source, _, _ = FLAWED[kind]
    with pytest.raises(AnalyserFailed, match=why):
        await _made(kind, Broken(), limits=Limits(seconds=60)).analyse(*plant({path: source}))


@pytest.mark.parametrize("kind", MADE)
async def test_the_same_files_give_the_same_findings_in_the_same_order(
    children: ChildProcesses, plant: Plant, kind: str
) -> None:
    path, source, _, _ = FLAWED[kind]
    tree, paths = plant({f"{n}/{path}": f"{source}\n" for n in range(40)})
    analyser = _made(kind, children)
    first, second = [await analyser.analyse(tree, some) for some in (paths, paths[::-1])]
    assert repr(first.findings) == repr(second.findings)
    assert len(first.findings) == 40


SECRET_IN = {
    "ruff": ("a.py", 'print({0})\nA = {{"{0}": 1, "{0}": 2}}\n'),
    "shellcheck": ("a.sh", '[ -n {0} ]\n[ "{0}" = "x" ]\nif "{0}\n'),
    "yamllint": ("a.yml", "{0}: 1\n{0}: 2\nb: *{0}\n"),
    "zizmor": (".github/workflows/a.yml", WORKFLOW.replace("{", "{{").replace("}", "}}") + " {0}\n"),
    "hadolint": ("Dockerfile", "FROM a:1\nENV API_TOKEN={0}\nRUN [ {0} ]\nWORKDIR {0}\n"),
    "oxlint": ("a.js", 'let {0} = 1;\nlet b = {{"{0}": 1, "{0}": 2}};\nif ("{0}") {0}(\n'),
}


@pytest.mark.parametrize("kind", MADE)
async def test_no_finding_repeats_a_secret(children: ChildProcesses, plant: Plant, kind: str) -> None:
    path, form = SECRET_IN[kind]
    for secret in (Fakes(3).github_token(), Fakes(4).chars(32).replace("7", "z", 1)):
        got = await _made(kind, children).analyse(*plant({path: form.format(secret)}))
        assert got.findings or got.unread
        assert secret not in repr(got)


async def test_a_flood_of_findings_ends_and_mutes_no_other_file(children: ChildProcesses, plant: Plant) -> None:
    oxlint = Oxlint(children, limits=Limits(output=100_000))
    got = await oxlint.analyse(*plant({"bug.js": "debugger;\n", "many.js": "debugger;\n" * 20_000}))
    assert [(f.path, f.rule) for f in got.findings] == [("bug.js", "no-debugger"), ("many.js", "too-many")]
    assert list(got.unread) == ["many.js"]
