"""An analyser's program over copies of the files: under names of ours, in a folder where nothing else lies, without the
comments by which a file mutes the program. Used by the analysers that cannot be told to ignore those.

So no configuration of the tree is ever near, and no name is an option. Where a file had such comments, what is minor is
looked for in it as it was: there they are a person's considered choice. A major finding is told all the same, or the
author of a change could wave their own bug through.
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from forgehand.adapters.analysers.concealing import conceal
from forgehand.adapters.analysers.line_breaks import OTHER_LINES
from forgehand.adapters.analysers.nesting import TOO_DEEP, too_deep
from forgehand.adapters.analysers.parts import in_parts
from forgehand.adapters.analysers.program import Program
from forgehand.adapters.analysers.sources import Sources
from forgehand.adapters.analysers.templates import is_template
from forgehand.domain.findings import SYNTAX, Finding, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Finished

_FILES_AT_ONCE = 200
_GENERATED_LINE = 2_000
"""Characters. A machine wrote such a line, or somebody with something to hide: no advice is given about it."""
_PIECES = "it cannot be parsed before another program fills it in"


@dataclass(frozen=True, slots=True)
class Row:
    """One finding as a program reported it: `name` is the copy's."""

    name: str
    line: int
    rule: str
    severity: Severity
    title: str
    body: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a program said. `unread` maps a copy that it could not read to why."""

    rows: Sequence[Row]
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a program is used. `named` gives a copy's name, from its number and path; `deafened` takes the muting
    comments out of a content without moving a line; `arguments` come before the names; `read` understands what it said
    about the copies of these names; `beside` are files of ours that the arguments name."""

    named: Callable[[int, str], str]
    deafened: Callable[[bytes], bytes]
    arguments: Sequence[str]
    read: Callable[[Finished, Collection[str]], Report]
    codes: Sequence[int] = (0, 1)
    beside: Mapping[str, str] = field(default_factory=dict)
    template: Callable[[bytes], bool] = is_template
    """Whether a content may be made for another program to fill in. Where it cannot be parsed it is then unread."""
    pieces: Callable[[bytes], bool] = lambda content: False
    """Whether its syntax is not this program's by good custom. Where it cannot be parsed it is then read in part."""
    breaks: re.Pattern[bytes] | None = None
    """Line breaks of the program that are none to git. A file with one is unread."""
    at_once: int = _FILES_AT_ONCE


async def analyse_copies(name: str, program: Program, manner: Manner, tree: Path, paths: Sequence[str]) -> Analysis:
    """As `ports.analysers.Analyser.analyse`. A file that breaks the program is unread, and one that would, or whose
    lines it would count otherwise, is not shown to it; one that floods it has a finding that says so, too."""
    unfit = await asyncio.to_thread(_unfit, manner, tree, paths)

    async def look(files: Sequence[str]) -> Analysis:
        return await _look(name, program, manner, tree, files)

    parts, guilty = await in_parts(name, [path for path in paths if path not in unfit], manner.at_once, look)
    findings = {finding for part in parts for finding in part.findings}
    findings |= {flooded(name, path) for path, broke in guilty.items() if broke.flooded}
    unread = {path: why for part in parts for path, why in part.unread.items()}
    unread |= {path: broke.why for path, broke in guilty.items()} | unfit
    partly = {path: why for part in parts for path, why in part.partly.items()}
    return Analysis(tuple(sorted(findings)), unread, partly)


def flooded(name: str, path: str) -> Finding:
    title = "More findings than can be told"
    return Finding(path, 1, "too-many", Severity.MAJOR, title, f"{name} was stopped before it ended.", name)


def _unfit(manner: Manner, tree: Path, paths: Sequence[str]) -> dict[str, str]:
    unfit = {}
    for path in paths:
        content = (tree / path).read_bytes()
        if too_deep(content):
            unfit[path] = TOO_DEEP
        elif manner.breaks and manner.breaks.search(content):
            unfit[path] = OTHER_LINES
    return unfit


async def _look(name: str, program: Program, manner: Manner, tree: Path, files: Sequence[str]) -> Analysis:
    with tempfile.TemporaryDirectory(prefix=f"forgehand-{name}-") as scratch:
        folder = Path(scratch)
        copies, muted = await asyncio.to_thread(_deafened, manner, tree, files, folder / "all")
        report = await _report(program, manner, folder / "all", copies)
        rows = [row for row in report.rows if row.severity is Severity.MAJOR or copies.get(row.name) not in muted]
        if muted:
            await asyncio.to_thread(_as_they_are, manner, tree, copies, muted, folder / "muted")
            again = {copy: path for copy, path in copies.items() if path in muted}
            quiet = await _report(program, manner, folder / "muted", again)
            rows += [row for row in quiet.rows if row.severity is Severity.MINOR]
        seen = await asyncio.to_thread(_seen, name, manner, tree, copies, rows)
        refused = {copies[copy]: conceal(why) for copy, why in report.unread.items() if copy in copies}
        return replace(seen, unread={**seen.unread, **refused})


def number(paths: Iterable[str], named: Callable[[int, str], str]) -> dict[str, str]:
    """The name of each path's copy → the path."""
    return {named(at, path): path for at, path in enumerate(sorted(set(paths)))}


def put(source: Path, target: Path) -> None:
    """The file under another name, without a second copy of its bytes where that can be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)


def _deafened(manner: Manner, tree: Path, files: Sequence[str], folder: Path) -> tuple[dict[str, str], set[str]]:
    """The copies, and the paths of those that had something to lose."""
    folder.mkdir()
    copies, muted = number(files, manner.named), set()
    for copy, path in copies.items():
        content = (tree / path).read_bytes()
        deafened = manner.deafened(content)
        if deafened == content:
            put(tree / path, folder / copy)
            continue
        muted.add(path)
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        (folder / copy).write_bytes(deafened)
    return copies, muted


def _as_they_are(manner: Manner, tree: Path, copies: Mapping[str, str], muted: set[str], folder: Path) -> None:
    folder.mkdir()
    for copy, path in copies.items():
        if path in muted:
            put(tree / path, folder / copy)


async def _report(program: Program, manner: Manner, folder: Path, copies: Mapping[str, str]) -> Report:
    for file, content in manner.beside.items():
        (folder / file).write_text(content)
    done = await program.run([*manner.arguments, *copies], folder, manner.codes)
    return await asyncio.to_thread(manner.read, done, copies.keys())


def _seen(name: str, manner: Manner, tree: Path, copies: Mapping[str, str], rows: Iterable[Row]) -> Analysis:
    sources, findings = Sources(tree), []
    broken: set[str] = set()
    unread: dict[str, str] = {}
    partly: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.name, row.line, row.rule)):
        path = copies.get(row.name)
        if path is None or (path in broken and row.rule == SYNTAX):
            # The first one is the cause; the rest is the parser looking for its way back.
            continue
        if row.rule == SYNTAX:
            broken.add(path)
            if manner.pieces(sources.content(path)):
                partly[path] = _PIECES
                continue
            if manner.template(sources.content(path)):
                unread[path] = _PIECES
                continue
        if row.severity is Severity.MAJOR or sources.length(path, row.line) <= _GENERATED_LINE:
            findings.append(_finding(name, path, row, sources))
    return Analysis(tuple(findings), unread, partly)


def _finding(name: str, path: str, row: Row, sources: Sources) -> Finding:
    title, body = conceal(row.title), conceal(row.body)
    text = sources.line(path, row.line)
    return Finding(path, max(1, row.line), row.rule, row.severity, title, body, name, text, row.url)
