"""Analysers over both sides of a change, and what of their findings the change adds. For workers."""

import asyncio
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from forgehand.crafts.diffs import Spans
from forgehand.crafts.findings import in_order, new_findings, shortened
from forgehand.domain.findings import SYNTAX, Finding
from forgehand.ports.analysers import Analyser, AnalyserFailed, Analysis, ChangeAnalyser
from forgehand.ports.git import Comparison, FileDiff

START_BYTES = 128


@dataclass(frozen=True, slots=True)
class Seen:
    """One analyser's look at both sides. `failed` says why it broke; nothing it saw counts then."""

    name: str
    head_paths: frozenset[str] = frozenset()
    base: Analysis = field(default_factory=Analysis)
    head: Analysis = field(default_factory=Analysis)
    failed: str = ""
    whole: tuple[Finding, ...] = ()
    """About the change as a whole: new by its nature, on whatever line it is said."""

    def why_not(self, path: str) -> str:
        """Why its silence about this file means nothing; empty where it read it."""
        return self.failed or self.head.unread.get(path, "")

    def read_all_of(self, path: str) -> bool:
        return not self.why_not(path) and path not in self.head.partly


async def look(comparison: Comparison, analysers: Sequence[Analyser | ChangeAnalyser]) -> tuple[Seen, ...]:
    """What each analyser saw, in their order."""
    sides = await asyncio.to_thread(_sides, comparison)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_look(analyser, comparison, sides)) for analyser in analysers]
    return tuple(task.result() for task in tasks)


def added(comparison: Comparison, seen: Sequence[Seen]) -> tuple[Finding, ...]:
    """The findings that the change adds, in order; none of an analyser that broke."""
    sound = [one for one in seen if not one.failed]
    renames = {file.previous_path: file.path for file in _at_hand(comparison) if file.previous_path}
    lines = _lines(comparison)
    new = new_findings(
        (finding for one in sound for finding in one.base.findings),
        (finding for one in sound for finding in one.head.findings),
        renames=renames,
        added=lines,
    )
    whole = (finding for one in sound for finding in (*one.whole, *_blamed(one, renames, lines)))
    return in_order({*new, *map(shortened, whole)})


def _blamed(seen: Seen, renames: Mapping[str, str], lines: Mapping[str, Container[int]]) -> Iterator[Finding]:
    """Where the base could be parsed and the head cannot, the change is to blame on whatever line that is noticed: it
    is said on the added line before, if there is one."""
    broken = {renames.get(f.path, f.path) for f in seen.base.findings if f.rule == SYNTAX}
    for finding in seen.head.findings:
        there = lines.get(finding.path)
        if finding.rule != SYNTAX or finding.path in broken or not isinstance(there, Spans) or finding.line in there:
            continue
        noticed = f"It is noticed on line {finding.line}."
        line = there.nearest(finding.line) or finding.line
        yield replace(finding, line=line, body=" ".join(filter(None, (finding.body, noticed))))


class _EveryLine:
    """Binary files have no lines; whatever is found in a changed one is new."""

    def __contains__(self, line: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class _Sides:
    """The files of both sides by their paths, each with its first bytes: a script without an ending says there what it
    is. `came_from` maps a path to its path on the base, `lines` to the lines that the change added."""

    base: Mapping[str, bytes]
    head: Mapping[str, bytes]
    came_from: Mapping[str, str]
    lines: Mapping[str, Container[int]]


def _sides(comparison: Comparison) -> _Sides:
    files = _at_hand(comparison)
    came_from = {file.path: file.previous_path or file.path for file in files if file.status != "added"}
    return _Sides(
        base={path: _start(comparison.base / path) for path in came_from.values()},
        head={file.path: _start(comparison.head / file.path) for file in files},
        came_from=came_from,
        lines=_lines(comparison),
    )


def _at_hand(comparison: Comparison) -> list[FileDiff]:
    return [file for file in comparison.files if file.status != "removed" and not file.left_out]


def _lines(comparison: Comparison) -> dict[str, Container[int]]:
    return {file.path: _EveryLine() if file.binary else Spans(file.added) for file in _at_hand(comparison)}


def _start(file: Path) -> bytes:
    """Nothing, of a file that cannot be read: whoever wants it will say so."""
    try:
        with open(file, "rb") as content:
            return content.read(START_BYTES)
    except OSError:
        return b""


async def _look(analyser: Analyser | ChangeAnalyser, comparison: Comparison, sides: _Sides) -> Seen:
    if isinstance(analyser, ChangeAnalyser):
        return await _judge(analyser, comparison)
    wanted = [path for path, start in sides.head.items() if analyser.wants(path, start)]
    try:
        on_head = await analyser.analyse(comparison.head, wanted) if wanted else Analysis()
        suspects = {f.path for f in on_head.findings if f.rule == SYNTAX or f.line in sides.lines.get(f.path, ())}
        # What has no finding on an added line has nothing new, whatever its base is like.
        before = [past for path in sorted(suspects) if (past := sides.came_from.get(path)) is not None]
        before = [path for path in before if analyser.wants(path, sides.base[path])]
        on_base = await analyser.analyse(comparison.base, before) if before else Analysis()
    except AnalyserFailed as failed:
        return Seen(analyser.name, frozenset(wanted), failed=failed.why)
    return Seen(analyser.name, frozenset(wanted), on_base, on_head)


async def _judge(analyser: ChangeAnalyser, comparison: Comparison) -> Seen:
    try:
        return Seen(analyser.name, whole=(await analyser.judge(comparison)).findings)
    except AnalyserFailed as failed:
        return Seen(analyser.name, failed=failed.why)
