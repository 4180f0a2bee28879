"""What changed between two trees, file by file, and which lines a review may point at.

`git.Bare.diff` parses with it; `acts.reviews` anchors comments with it; `render.commits` shows it.
Limits: https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES, MOST_BYTES = 20_000, 500_000
"""Beyond these a file's `patch` is left out."""

STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
NO_BLOB = "0" * 40
HUNK = r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?"


@dataclass(frozen=True)
class Line:
    """One line of a patch. `old` or `new` is None on the side where it does not exist; `position` counts
    from 1 at the line below the file's first `@@`."""

    tag: str
    old: int | None
    new: int | None
    text: str
    position: int
    hunk: int


@dataclass(frozen=True)
class FileDiff:
    status: str
    filename: str
    previous_filename: str | None
    sha: str
    """The new blob, or the old one of a removed file."""
    additions: int
    deletions: int
    patch: str | None
    """None for a binary file, an empty change, and beyond GitHub's limits."""

    def lines(self) -> list[Line]:
        return list(_lines(self.patch)) if self.patch else []

    def find(self, side: str, number: int) -> Line | None:
        """The patch's line with this number in the old (`LEFT`) or new (`RIGHT`) file."""
        for line in self.lines():
            if (line.old if side == "LEFT" else line.new) == number:
                return line
        return None

    def hunk_until(self, last: Line) -> str:
        """GitHub's `diff_hunk`: the hunk's header and its lines down to the one that is meant."""
        header = [text for text in (self.patch or "").split("\n") if text.startswith("@@")][last.hunk]
        shown = [f"{x.tag}{x.text}" for x in self.lines() if x.hunk == last.hunk and x.position <= last.position]
        return "\n".join([header, *shown])


def parse_diff(output: bytes) -> list[FileDiff]:
    """The files in the output of `git diff --raw -z -p --abbrev=40`."""
    raw, _, text = output.partition(b"\0\0")
    sections = iter(re.split(r"^diff --git .*\n", text.decode("utf-8", "replace"), flags=re.MULTILINE)[1:])
    fields = iter(raw.decode("utf-8", "surrogateescape").strip("\0").split("\0") if raw else [])
    return [_file(header, fields, sections) for header in fields]


def parse_changes(output: bytes) -> list[tuple[str, str, str | None]]:
    """Status, name and previous name from the output of `git diff --raw -z`."""
    fields = iter(output.decode("utf-8", "surrogateescape").strip("\0").split("\0") if output else [])
    found: list[tuple[str, str, str | None]] = []
    for header in fields:
        letter, first = header.rsplit(" ", 1)[1][0], next(fields)
        renamed = letter in "RC"
        name = next(fields) if renamed else first
        found.append((STATUS.get(letter, "modified"), name, first if renamed else None))
    return found


def follow(line: int, changes: FileDiff | None) -> int | None:
    """Where an untouched line of the old file is in the new one; None if it was changed or removed."""
    if changes is None:
        return line
    if changes.patch is None or changes.status == "removed":
        return None
    shift = 0
    for header in re.finditer(HUNK, changes.patch, flags=re.MULTILINE):
        start, count, added = int(header[1]), int(header[2] or 1), int(header[4] or 1)
        if line < start or (count == 0 and line == start):
            break
        if line < start + count:
            found = changes.find("LEFT", line)
            return found.new if found else None
        shift += added - count
    return line + shift


def _file(header: str, fields: Iterator[str], sections: Iterator[str]) -> FileDiff:
    _, _, old, new, letter = header.removeprefix(":").split(" ")
    first = next(fields)
    second = next(fields) if letter[0] in "RC" else None
    parts = [next(sections, "")]
    if letter == "T":
        # Git shows a change of type as a removal and an addition.
        parts.append(next(sections, ""))
    patch = "\n".join(filter(None, (_patch(part) for part in parts)))
    added = sum(x.tag == "+" for x in _lines(patch))
    removed = sum(x.tag == "-" for x in _lines(patch))
    too_large = added + removed > MOST_LINES or len(patch.encode()) > MOST_BYTES
    return FileDiff(
        status=STATUS.get(letter[0], "modified"),
        filename=second or first,
        previous_filename=first if second else None,
        sha=old if new == NO_BLOB else new,
        additions=added,
        deletions=removed,
        patch=None if not patch or too_large else patch,
    )


def _patch(section: str) -> str:
    at = re.search(r"^@@ ", section, flags=re.MULTILINE)
    return section[at.start() :].removesuffix("\n") if at else ""


def _lines(patch: str) -> Iterator[Line]:
    hunk = position = -1
    old = new = 0
    for text in patch.split("\n") if patch else []:
        position += 1
        if header := re.match(HUNK, text):
            old, new, hunk = int(header[1]), int(header[3]), hunk + 1
        elif text.startswith("+"):
            yield Line("+", None, new, text[1:], position, hunk)
            new += 1
        elif text.startswith("-"):
            yield Line("-", old, None, text[1:], position, hunk)
            old += 1
        elif not text.startswith("\\"):
            yield Line(" ", old, new, text[1:], position, hunk)
            old, new = old + 1, new + 1
