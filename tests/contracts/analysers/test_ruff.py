"""`ports.analysers` over the real ruff: what it reports, and what a hostile tree cannot change."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from forgehand.adapters.analysers.parts import MOST_RUNS_MORE
from forgehand.adapters.analysers.ruff import MAJOR, MINOR, Ruff
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.domain.findings import Finding
from forgehand.ports.analysers import AnalyserFailed
from forgehand.ports.children import Finished, Limits
from support.secrets import Fakes

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio

UNDEFINED = "print(undefined_name)\n"


@pytest.fixture
def ruff(children: ChildProcesses) -> Ruff:
    return Ruff(children)


def _brief(findings: tuple[Finding, ...]) -> list[tuple[str, int, str, str]]:
    return [(f.path, f.line, f.rule, str(f.severity)) for f in findings]


async def test_bugs_doors_and_litter_are_told_apart(ruff: Ruff, plant: Plant) -> None:
    source = 'import os\n\nimport subprocess\n\nsubprocess.run("ls " + input(), shell=True)\nprint(undefined_name)\n'
    got = await ruff.analyse(*plant({"a.py": source}))
    assert _brief(got.findings) == [
        ("a.py", 1, "F401", "minor"),
        ("a.py", 5, "S602", "major"),
        ("a.py", 6, "F821", "major"),
    ]
    assert got.findings[2].title == "Undefined name `undefined_name`"
    assert got.findings[2].text == "print(undefined_name)"
    assert got.unread == {}


async def test_what_ruff_itself_calls_safe_is_minor(ruff: Ruff, plant: Plant) -> None:
    source = 'import subprocess\nsubprocess.run("ls", shell=True)\n'
    assert _brief((await ruff.analyse(*plant({"a.py": source}))).findings) == [("a.py", 2, "S602", "minor")]


async def test_a_syntax_error_is_one_major_finding(ruff: Ruff, plant: Plant) -> None:
    got = await ruff.analyse(*plant({"a.py": "x = 1\ndef f(:\n    pass\n)))\n", "b.py": UNDEFINED}))
    assert _brief(got.findings) == [("a.py", 2, "invalid-syntax", "major"), ("b.py", 1, "F821", "major")]
    assert got.findings[0].title.startswith("Syntax error: ")


async def test_new_and_old_grammar_is_no_error(ruff: Ruff, plant: Plant) -> None:
    new = (
        "match 1:\n    case 1:\n        pass\ntype A = int\ntry:\n    pass\nexcept* ValueError:\n    pass\nx = t'{1}'\n"
    )
    assert (await ruff.analyse(*plant({"new.py": new, "stub.pyi": "def f() -> B: ...\nclass B: ...\n"}))).findings == ()


@pytest.mark.parametrize(
    "muting",
    [
        {"ruff.toml": 'exclude = ["*"]\n'},
        {".ruff.toml": "lint.select = []\n"},
        {"pyproject.toml": '[tool.ruff]\ntarget-version = "py38"\nexclude = ["*"]\nlint.select = []\n'},
        {"setup.cfg": "[flake8]\nignore = F\n"},
        {".gitignore": "*\n", ".ignore": "*\n"},
        {"ruff.toml": "this is not toml ["},
        {"ruff.toml": 'extend = "/etc/passwd"\n'},
    ],
)
async def test_configuration_of_the_tree_is_not_obeyed(ruff: Ruff, plant: Plant, muting: dict[str, str]) -> None:
    tree, _ = plant({**muting, "sub/a.py": UNDEFINED})
    assert _brief((await ruff.analyse(tree, ["sub/a.py"])).findings) == [("sub/a.py", 1, "F821", "major")]


@pytest.mark.parametrize(
    "path",
    [
        "-x.py",
        "--config=evil.py",
        "--fix.py",
        "@list.py",
        "a b.py",
        "node_modules/m.py",
        ".venv/x.py",
        "build/y.py",
        "*.py",
        "[a].py",
        "ünï文.py",
        "new\nline.py",
        "UP.PY",
        'q"uote.py',
    ],
)
async def test_no_name_hides_a_file_or_becomes_an_option(ruff: Ruff, plant: Plant, path: str) -> None:
    assert ruff.wants(path)
    tree, paths = plant({path: UNDEFINED})
    assert _brief((await ruff.analyse(tree, paths)).findings) == [(path, 1, "F821", "major")]
    assert (tree / path).read_text() == UNDEFINED


@pytest.mark.parametrize(
    "muted",
    [
        "print(undefined_name)  # noqa\n",
        "print(undefined_name)  # noqa: F821\n",
        "# ruff: noqa\nprint(undefined_name)\n",
        "# flake8: noqa\nprint(undefined_name)\n",
        "# ruff: disable[F821]\nprint(undefined_name)\n# ruff: enable[F821]\n",
    ],
)
async def test_a_comment_does_not_silence_a_major_finding(ruff: Ruff, plant: Plant, muted: str) -> None:
    findings = (await ruff.analyse(*plant({"a.py": muted}))).findings
    assert [f.rule for f in findings] == ["F821"]


async def test_a_possible_door_in_a_test_is_not_told_but_an_open_one_is(ruff: Ruff, plant: Plant) -> None:
    source = "import pickle\nimport subprocess\npickle.loads(b'')\nsubprocess.run('ls ' + input(), shell=True)\n"
    got = await ruff.analyse(*plant({"tests/test_a.py": source, "a.py": source}))
    assert [(f.path, f.rule) for f in got.findings] == [("a.py", "S301"), ("a.py", "S602"), ("tests/test_a.py", "S602")]


async def test_a_comment_silences_a_minor_finding(ruff: Ruff, plant: Plant) -> None:
    assert (await ruff.analyse(*plant({"a.py": "import os  # noqa: F401\n"}))).findings == ()


async def test_a_file_that_cannot_be_read_is_named_and_others_are_not_lost(ruff: Ruff, plant: Plant) -> None:
    got = await ruff.analyse(*plant({"latin.py": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "a.py": UNDEFINED}))
    assert _brief(got.findings) == [("a.py", 1, "F821", "major")]
    assert list(got.unread) == ["latin.py"]
    assert "UTF-8" in got.unread["latin.py"]


@pytest.mark.parametrize(
    ("start", "read"),
    [
        ("# -*- coding: utf-7 -*-\n", False),
        ("#!/usr/bin/python3\n# vim: set fileencoding=UTF_7 :\n", False),
        ("\n\t# encoding coding=shift_jis\n", False),
        ("# -*- coding: utf-8 -*-\n", True),
        ("# vim: fileencoding=Latin_1\n", True),
        ("\n\n# coding: utf-7\n", True),
    ],
)
async def test_what_runs_in_an_encoding_that_ruff_does_not_read_is_unread(
    ruff: Ruff, plant: Plant, start: str, read: bool
) -> None:
    hidden = "#+AAo-import subprocess+AAo-subprocess.run(input(), shell=True)\n"
    got = await ruff.analyse(*plant({"a.py": start + hidden, "b.py": UNDEFINED}))
    assert list(got.unread) == ([] if read else ["a.py"])
    assert [f.path for f in got.findings] == ["b.py"]


async def test_what_python_takes_for_a_line_and_git_does_not_is_unread(ruff: Ruff, plant: Plant) -> None:
    got = await ruff.analyse(*plant({"a.py": "import subprocess\rsubprocess.run(input(), shell=True)\r"}))
    assert (got.findings, list(got.unread)) == ((), ["a.py"])


async def test_windows_line_ends_keep_their_numbers(ruff: Ruff, plant: Plant) -> None:
    (finding,) = (await ruff.analyse(*plant({"a.py": "x = 1\r\n\r\nprint(nowhere)\r\n"}))).findings
    assert (finding.line, finding.text) == (3, "print(nowhere)")


async def test_many_files_go_through(ruff: Ruff, plant: Plant) -> None:
    tree, paths = plant({f"package/with/a/long/name/module_{n:04}.py": UNDEFINED for n in range(450)})
    assert len((await ruff.analyse(tree, paths)).findings) == 450


async def test_only_python_is_wanted(ruff: Ruff) -> None:
    assert [p for p in ("a.py", "a.pyi", "a.pyw", "a.ipynb", "a.js", "py") if ruff.wants(p)] == [
        "a.py",
        "a.pyi",
        "a.pyw",
    ]


async def test_a_ruff_that_is_not_there_is_a_failure_not_silence(children: ChildProcesses, plant: Plant) -> None:
    with pytest.raises(AnalyserFailed, match="no-such-ruff: not found"):
        await Ruff(children, "no-such-ruff").analyse(*plant({"a.py": UNDEFINED}))


@pytest.mark.parametrize(
    ("finished", "why"),
    [
        (Finished(2, b"", b"ruff failed\n  Cause: no room", 0.1), "ruff failed Cause: no room"),
        (Finished(-9, b"", b"", 30.0, timed_out=True), "longer than 60 s"),
        (Finished(0, b"[{", b"", 0.1), "no JSON"),
    ],
)
async def test_every_way_to_break_is_a_failure(plant: Plant, finished: Finished, why: str) -> None:
    class Broken:
        async def run(self, *_: object, **__: object) -> Finished:
            return finished

    with pytest.raises(AnalyserFailed, match=why):
        await Ruff(Broken(), limits=Limits(seconds=60)).analyse(*plant({"a.py": UNDEFINED}))


NESTED = "x = " + "-" * 60_000 + "1\n"
"""Overflows ruff's stack."""


async def test_a_file_that_crashes_ruff_costs_only_itself(ruff: Ruff, plant: Plant) -> None:
    tree, paths = plant({f"m{n}.py": UNDEFINED for n in range(6)} | {"m3.py": NESTED})
    got = await ruff.analyse(tree, paths)
    assert [f.path for f in got.findings] == ["m0.py", "m1.py", "m2.py", "m4.py", "m5.py"]
    assert list(got.unread) == ["m3.py"]


async def test_a_file_with_too_many_findings_says_so_and_mutes_no_other(children: ChildProcesses, plant: Plant) -> None:
    ruff = Ruff(children, limits=Limits(output=100_000))
    got = await ruff.analyse(*plant({"bug.py": UNDEFINED, "many.py": "exec(a)\n" * 2_000}))
    assert _brief(got.findings) == [("bug.py", 1, "F821", "major"), ("many.py", 1, "too-many", "major")]
    assert list(got.unread) == ["many.py"]


async def test_files_that_break_it_together_are_looked_at_a_bounded_number_of_times(plant: Plant) -> None:
    asked: list[int] = []

    class Moody:
        async def run(self, argv: Sequence[str], **_: object) -> Finished:
            files = argv[argv.index("--") + 1 :]
            asked.append(len(files))
            return Finished(0 if files == ["./m000.py"] else 101, b"[]", b"panicked", 0.1)

    tree, paths = plant({f"m{n:03}.py": "x\n" for n in range(200)})
    got = await Ruff(Moody()).analyse(tree, paths)
    assert set(got.unread) == set(paths) - {"m000.py"}
    assert len(asked) < 2 * MOST_RUNS_MORE + 4


@pytest.mark.parametrize(
    "source",
    [
        'A = {{"{0}": 1, "{0}": 2}}\n',
        'A = {{"{0}", "{0}"}}\n',
        "x: '{0} {0}' = 1\n",
        'import enum\n\n\nclass A(enum.Enum):\n    B = "{0}"\n    C = "{0}"\n',
        "print({0})\n",
        "import {0}\n",
        "class A:\n    {0} = 1\n    {0} = 2\n",
        'assert ("{0}", 1)\n"%({0})s" % (1,)\n',
        '"%({0})s %(b)s" % {{"b": 1}}\n',
        'x = f"{{{0}!z}}"\n',
    ],
)
async def test_no_message_repeats_a_secret(ruff: Ruff, plant: Plant, source: str) -> None:
    for secret in (Fakes(3).github_token(), Fakes(4).chars(32)):
        got = await ruff.analyse(*plant({"a.py": source.format(secret)}))
        assert got.findings
        assert secret not in " ".join(f"{f.title} {f.body} {f.rule} {f.url}" for f in got.findings)


async def test_the_selection_knows_only_rules_that_this_ruff_has(children: ChildProcesses, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    argv = ["ruff", "check", "--isolated", "--no-cache", "--select", f"{MAJOR},{MINOR}", "a.py"]
    done = await children.run(argv, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, b"")
    assert not set(MAJOR.split(",")) & set(MINOR.split(","))
