"""Which changes of a pull request become files, within bounds, and which lines they add. Called by `comparisons`.

A pull request is a stranger's: each bound here keeps one of them from taking the time, memory or disk of all. What
lies beyond a bound is left out with the reason, and the rest goes on.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from forgehand.adapters.git.changes import NOTHING, Change, read_added, read_numstat, shown
from forgehand.adapters.git.command import Git
from forgehand.ports.git import FileDiff

_HEADER_BYTES = 130
_PATCH_BYTES = 16_000_000
_BEGINNING = 8_000
"""Git looks as far for the zero byte that makes a file binary."""
_LOOK_INTO = 64_000_000
_LOOKS = 50
_RUN_AS_TEXT = frozenset(
    {
        *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".html", ".htm", ".xhtml"),
        *(".svg", ".css", ".php", ".phtml", ".inc", ".py", ".pyi", ".pyw", ".rb", ".pl", ".pm", ".lua", ".tcl", ".r"),
        *(".jl", ".sh", ".bash", ".ksh", ".dash", ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".sql", ".c", ".h", ".cc"),
        *(".cpp", ".cxx", ".hh", ".hpp", ".m", ".mm", ".go", ".rs", ".java", ".kt", ".kts", ".groovy", ".gradle"),
        *(".scala", ".cs", ".swift", ".json", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf", ".env", ".xml"),
        *(".properties", ".tf", ".mk", ".cmake"),
    }
)
"""A zero byte in a comment or a string keeps these from nothing."""
DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--diff-algorithm=myers")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one comparison. `lines` are those added and removed."""

    file_bytes: int = 2_000_000
    files: int = 1_000
    total_bytes: int = 64_000_000
    file_lines: int = 50_000
    total_lines: int = 400_000


@dataclass(slots=True)
class Selection:
    """`kept` become files. `left_out` says why others do not; of these `binary` have nothing to read."""

    kept: list[Change] = field(default_factory=list)
    left_out: dict[Change, str] = field(default_factory=dict)
    binary: set[Change] = field(default_factory=set)
    lines: dict[Change, int | None] = field(default_factory=dict)
    """Of the kept: how many change; None for binary ones."""


async def select(git: Git, changes: Sequence[Change], sizes: Mapping[str, int], bounds: Bounds) -> Selection:
    """`sizes` are those of the contents that are there. Removed files are neither kept nor left out."""
    selection = Selection()
    fitting = _fitting(selection, changes, sizes, bounds)
    await _find_binary(git, selection, sizes)
    counts = await _count(git, fitting)
    room = bounds.total_lines
    for change in fitting:
        lines = counts[change]
        if (lines or 0) > bounds.file_lines:
            selection.left_out[change] = f"more than {bounds.file_lines:,} of its lines change"
        elif (lines or 0) > room:
            selection.left_out[change] = f"the change has more than {bounds.total_lines:,} lines"
        else:
            room -= lines or 0
            selection.kept.append(change)
            selection.lines[change] = lines
    return selection


async def described(
    git: Git, changes: Sequence[Change], selection: Selection, sizes: Mapping[str, int]
) -> list[FileDiff]:
    """All changes, the kept ones with the lines that they add."""
    added: dict[Change, tuple[range, ...]] = {}
    for batch in _batches(selection, sizes):
        patch = await _diff(git, batch, "-p", "-U0")
        ranges = await asyncio.to_thread(read_added, patch)
        added |= {change: ranges.get(number, ()) for number, change in enumerate(batch)}
    return [
        FileDiff(
            path=shown(change.path),
            status=change.what,
            previous_path=shown(change.old_path) if change.what == "renamed" else None,
            added=added.get(change, ()),
            binary=change in selection.lines and selection.lines[change] is None,
            left_out=selection.left_out.get(change, ""),
            excused=change.excused or change in selection.binary,
        )
        for change in changes
    ]


def _fitting(selection: Selection, changes: Sequence[Change], sizes: Mapping[str, int], bounds: Bounds) -> list[Change]:
    fitting: list[Change] = []
    room = bounds.total_bytes
    for change in changes:
        if change.new_mode == NOTHING:
            continue
        why = change.why_not
        if not why and not all(one in sizes for one in change.ids):
            why = "the change has more contents than are fetched"
        if not why:
            size = max(sizes[one] for one in change.ids)
            if size > bounds.file_bytes:
                why = f"larger than {bounds.file_bytes:,} bytes"
            elif len(fitting) >= bounds.files:
                why = f"the change has more than {bounds.files:,} files"
            elif size > room:
                why = f"the change has more than {bounds.total_bytes:,} bytes"
            else:
                room -= size
        if why:
            selection.left_out[change] = why
        else:
            fitting.append(change)
    return fitting


async def _find_binary(git: Git, selection: Selection, sizes: Mapping[str, int]) -> None:
    """Among what is left out. What is not looked into counts as text, and so does what is run as text whatever bytes
    are in it: somebody should have read it."""
    there = [c for c in selection.left_out if not c.excused and sizes.get(c.new_id, _LOOK_INTO) < _LOOK_INTO]
    for change in there[:_LOOKS]:
        content = await git("cat-file", "blob", change.new_id, output=_BEGINNING, beginning=True)
        if b"\0" in content and not _is_run_as_text(change, content):
            selection.binary.add(change)


def _is_run_as_text(change: Change, beginning: bytes) -> bool:
    return beginning.startswith(b"#!") or PurePosixPath(shown(change.path)).suffix.lower() in _RUN_AS_TEXT


async def _count(git: Git, changes: Sequence[Change]) -> Mapping[Change, int | None]:
    counts = read_numstat(await _diff(git, changes, "-z", "--numstat"))
    return {change: counts.get(number, 0) for number, change in enumerate(changes)}


def _batches(selection: Selection, sizes: Mapping[str, int]) -> Iterable[list[Change]]:
    """The kept text files in parts whose patches fit in memory, however they differ."""
    batch: list[Change] = []
    room = _PATCH_BYTES
    for change in selection.kept:
        lines = selection.lines[change]
        if not lines:
            continue
        room -= sum(sizes[one] for one in change.ids) + lines * _HEADER_BYTES
        if room < 0 and batch:
            yield batch
            batch, room = [], _PATCH_BYTES
        batch.append(change)
    if batch:
        yield batch


async def _diff(git: Git, changes: Sequence[Change], *how: str) -> bytes:
    """The difference of two trees in which each change stands under its number: no name, mode or rename can mislead
    the reader of git's output."""
    if not changes:
        return b""
    old = [f"100644 blob {c.old_id}\t{n}\n" for n, c in enumerate(changes) if c.old_mode != NOTHING]
    new = [f"100644 blob {c.new_id}\t{n}\n" for n, c in enumerate(changes)]
    trees = [(await git("mktree", stdin="".join(rows).encode())).decode().strip() for rows in (old, new)]
    return await git("diff-tree", "-r", "--no-renames", *how, *DIFF, *trees, "--")
