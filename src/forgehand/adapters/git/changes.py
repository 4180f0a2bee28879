"""What differs between two commits, read from git's plumbing. Pure; called by `comparisons` and `selection`.

https://git-scm.com/docs/git-diff-tree#_raw_output_format
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

REGULAR = frozenset({"100644", "100755"})
LINK = "120000"
NOTHING = "000000"
_WHAT = {LINK: "a symbolic link", "160000": "a submodule"}
_STATUS = {"A": "added", "C": "added", "D": "removed", "M": "modified", "T": "modified", "R": "renamed"}
# Without context lines, a line of the patch that starts like these is a header, whatever the files contain.
_HEADER = re.compile(rb"^(?:diff --git a/(\d+) b/\d+$|@@ -\S+ \+(\d+)(?:,(\d+))? @@)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the raw list. Paths are git's bytes; object ids are 40 (or 64) hex digits, zeros for nothing."""

    status: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    old_path: bytes
    path: bytes

    @property
    def why_not(self) -> str:
        """Why its new side must not become a file of ours, or nothing."""
        if self.new_mode not in REGULAR and self.new_mode != NOTHING:
            return _WHAT.get(self.new_mode, f"no regular file (mode {self.new_mode})")
        return bad_name(self.path)

    @property
    def excused(self) -> bool:
        """Whether its new side is nothing that anybody would read."""
        return self.new_mode in _WHAT

    @property
    def what(self) -> str:
        """added, removed, modified or renamed."""
        return _STATUS.get(self.status, "modified")

    @property
    def ids(self) -> tuple[str, ...]:
        """The contents that there are of it."""
        sides = ((self.old_mode, self.old_id), (self.new_mode, self.new_id))
        return tuple(one for mode, one in sides if mode in REGULAR or mode == LINK)


def read_raw(raw: bytes) -> list[Change]:
    """The entries of `git diff-tree -r -z --raw` output. An old side that cannot become a file of ours is dropped: the
    change then adds its file."""
    fields = raw.split(b"\0")[:-1]
    changes: list[Change] = []
    at = 0
    while at < len(fields):
        old_mode, new_mode, old_id, new_id, status = fields[at].decode().lstrip(":").split(" ")
        moved = status[0] in "RC"
        old_path, path = fields[at + 1], fields[at + 2 if moved else at + 1]
        changes.append(_plain(Change(status[0], old_mode, new_mode, old_id, new_id, old_path, path)))
        at += 3 if moved else 2
    return changes


def read_numstat(output: bytes) -> dict[int, int | None]:
    """Changed lines by number, from `git diff-tree -r -z --numstat` over trees of numbered names; None for binary."""
    counts: dict[int, int | None] = {}
    for row in output.split(b"\0")[:-1]:
        added, removed, number = row.split(b"\t")
        counts[int(number)] = None if added == b"-" else int(added) + int(removed)
    return counts


def read_added(patch: bytes) -> Mapping[int, tuple[range, ...]]:
    """Added lines by number, from `git diff-tree -r -p -U0` over trees of numbered names."""
    added: dict[int, list[range]] = {}
    here: list[range] = []
    for header in _HEADER.finditer(patch):
        if header[1]:
            here = added.setdefault(int(header[1]), [])
        elif count := int(header[3] or 1):
            here.append(range(int(header[2]), int(header[2]) + count))
    return {number: tuple(ranges) for number, ranges in added.items()}


def shown(path: bytes) -> str:
    """A path for people and for GitHub, which speaks UTF-8."""
    return path.decode("utf-8", "backslashreplace")


def _plain(change: Change) -> Change:
    bad_mode = change.old_mode not in REGULAR and change.old_mode != NOTHING
    if change.new_mode == NOTHING or not (bad_mode or bad_name(change.old_path)):
        return change
    return replace(change, status="A", old_mode=NOTHING, old_id="0" * len(change.old_id), old_path=change.path)


def bad_name(path: bytes) -> str:
    """Why a path must not become a file's name, or nothing."""
    try:
        name = path.decode()
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        return "its name has a control character"
    parts = name.split("/")
    if name.startswith("/") or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        return "its name leads out of the folder"
    if max(map(len, (part.encode() for part in parts))) > 255 or len(path) > 1024:
        return "its name is too long"
    return ""
