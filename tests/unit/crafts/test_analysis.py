"""Analysers over two sides: who is asked about what, and what of it counts as new."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from forgehand.crafts.analysis import Seen, added, look
from forgehand.domain.findings import SYNTAX, Finding, Severity
from forgehand.ports.analysers import Analyser, AnalyserFailed, Analysis, ChangeAnalyser
from forgehand.ports.git import Comparison, FileDiff

pytestmark = pytest.mark.anyio


@dataclass
class Finds:
    """Finds the word `bug` in files that end in `.py` or start with `#!`."""

    name: str = "bugs"
    asked: list[tuple[str, list[str]]] = field(default_factory=list)
    broken: bool = False

    def wants(self, path: str, start: bytes = b"") -> bool:
        return path.endswith(".py") or start.startswith(b"#!")

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        self.asked.append((tree.name, list(paths)))
        if self.broken:
            raise AnalyserFailed(self.name, "no room")
        return Analysis(
            tuple(_bug(path, n, line) for path in paths for n, line in _lines(tree / path) if "bug" in line)
        )


class Sighs:
    name = "sighs"

    async def judge(self, comparison: Comparison) -> Analysis:
        return Analysis((Finding("a.py", 1, "sigh", Severity.MINOR, "So much", "", self.name),))


def _bug(path: str, line: int, text: str) -> Finding:
    return Finding(path, line, "bug", Severity.MAJOR, "A bug", "", "bugs", text)


def _lines(file: Path) -> list[tuple[int, str]]:
    return list(enumerate(file.read_text().splitlines(), 1))


def _comparison(root: Path, base: dict[str, str], head: dict[str, str], *files: FileDiff) -> Comparison:
    for side, contents in (("base", base), ("head", head)):
        (root / side).mkdir()
        for path, content in contents.items():
            (root / side / path).write_text(content)
    return Comparison("b" * 40, "a" * 40, root / "base", root / "head", files)


async def test_only_files_with_a_finding_on_an_added_line_are_looked_at_on_the_base(tmp_path: Path) -> None:
    comparison = _comparison(
        tmp_path,
        {"a.py": "x\n", "old.py": "bug 1\n"},
        {"a.py": "x\nbug\n", "b.py": "bug 1\nfine\n", "c.py": "bug\n"},
        FileDiff("a.py", "modified", None, (range(2, 3),)),
        FileDiff("b.py", "renamed", "old.py", (range(2, 3),)),
        FileDiff("c.py", "added", None, (range(1, 2),)),
    )
    finds = Finds()
    seen = await look(comparison, [finds])
    assert finds.asked == [("head", ["a.py", "b.py", "c.py"]), ("base", ["a.py"])]
    assert [(f.path, f.line) for f in added(comparison, seen)] == [("a.py", 2), ("c.py", 1)]


async def test_a_flaw_that_moved_with_its_file_is_not_new(tmp_path: Path) -> None:
    comparison = _comparison(
        tmp_path,
        {"old.py": "bug 1\n"},
        {"b.py": "fine\nbug 1\n"},
        FileDiff("b.py", "renamed", "old.py", (range(1, 3),)),
    )
    assert added(comparison, await look(comparison, [Finds()])) == ()


async def test_a_script_without_an_ending_is_known_by_how_it_starts(tmp_path: Path) -> None:
    comparison = _comparison(
        tmp_path, {}, {"run": "#!/bin/sh\nbug\n", "text": "bug\n"}, *(_new_file("run"), _new_file("text"))
    )
    (seen,) = await look(comparison, [Finds()])
    assert seen.head_paths == {"run"}


async def test_removed_and_left_out_files_are_nobodys_business(tmp_path: Path) -> None:
    files = (FileDiff("gone.py", "removed", None), FileDiff("big.py", "added", None, left_out="too large"))
    finds = Finds()
    assert added(_comparison(tmp_path, {}, {}, *files), await look(_there(tmp_path, files), [finds])) == ()
    assert finds.asked == []


async def test_what_is_said_about_the_whole_change_needs_no_added_line(tmp_path: Path) -> None:
    comparison = _comparison(tmp_path, {}, {})
    seen = await look(comparison, [Sighs()])
    assert [finding.rule for finding in added(comparison, seen)] == ["sigh"]


async def test_nothing_that_a_broken_analyser_saw_counts(tmp_path: Path) -> None:
    comparison = _comparison(tmp_path, {}, {"a.py": "bug\n"}, _new_file("a.py"))
    seen = await look(comparison, [Finds(broken=True), Finds("more")])
    assert [(one.name, one.why_not("a.py")) for one in seen] == [("bugs", "no room"), ("more", "")]
    assert [finding.line for finding in added(comparison, seen)] == [1]


async def test_whatever_is_found_in_a_changed_binary_is_new(tmp_path: Path) -> None:
    comparison = _comparison(
        tmp_path, {"a.py": "x\n"}, {"a.py": "x\nbug\n"}, FileDiff("a.py", "modified", None, binary=True)
    )
    assert [f.line for f in added(comparison, await look(comparison, [Finds()]))] == [2]


@pytest.mark.parametrize(("noticed", "said"), [(9, 4), (4, 4), (3, 3), (2, 2), (1, 2)])
async def test_a_change_that_breaks_a_file_is_blamed_on_its_added_line_before(noticed: int, said: int) -> None:
    comparison = _there(Path("/nowhere"), (FileDiff("a.py", "modified", None, (range(2, 3), range(3, 5))),))
    (finding,) = added(comparison, [Seen("bugs", frozenset({"a.py"}), head=Analysis((_broken(noticed),)))])
    assert finding.line == said
    assert finding.body == ("" if noticed == said else f"It is noticed on line {noticed}.")


async def test_a_change_that_only_removes_lines_may_break_a_file(tmp_path: Path) -> None:
    comparison = _there(tmp_path, (FileDiff("a.py", "modified", None),))
    (finding,) = added(comparison, [Seen("bugs", frozenset({"a.py"}), head=Analysis((_broken(7),)))])
    assert finding.line == 7


async def test_a_file_that_was_broken_before_is_not_blamed(tmp_path: Path) -> None:
    comparison = _there(tmp_path, (FileDiff("b.py", "renamed", "a.py", (range(2, 3),)),))
    broken = Analysis((replace(_broken(9), path="b.py"),))
    assert added(comparison, [Seen("bugs", frozenset({"b.py"}), Analysis((_broken(8),)), broken)]) == ()


def test_the_two_kinds_of_analysers_are_told_apart_by_what_they_can_do() -> None:
    sighs: ChangeAnalyser = Sighs()
    finds: Analyser = Finds()
    assert isinstance(sighs, ChangeAnalyser)
    assert not isinstance(finds, ChangeAnalyser)


def _broken(line: int) -> Finding:
    return Finding("a.py", line, SYNTAX, Severity.MAJOR, "Syntax error", "", "bugs", "x (")


def _new_file(path: str) -> FileDiff:
    return FileDiff(path, "added", None, (range(1, 9),))


def _there(root: Path, files: tuple[FileDiff, ...]) -> Comparison:
    return Comparison("b" * 40, "a" * 40, root / "base", root / "head", files)
