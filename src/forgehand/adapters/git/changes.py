"""What differs between two commits, read from git's plumbing. Pure; called by `comparisons`.

Names come from the NUL-separated raw list, never from a patch's headers, where they are ambiguous.
https://git-scm.com/docs/git-diff-tree#_raw_output_format
"""

import re
from dataclasses import dataclass

from forgehand.ports.git import FileDiff, GitFailed

REGULAR = frozenset({"100644", "100755"})
NOTHING = "000000"
_WHAT = {"120000": "a symbolic link", "160000": "a submodule"}
_STATUS = {"A": "added", "C": "added", "D": "removed", "M": "modified", "T": "modified", "R": "renamed"}
_FILE = re.compile(rb"^(?=diff --git )", re.MULTILINE)
_BINARY = re.compile(rb"^(?:Binary files .* differ|GIT binary patch)$", re.MULTILINE)


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
        """Why this must not become a file of ours, or nothing."""
        for mode in (self.new_mode, self.old_mode):
            if mode not in REGULAR and mode != NOTHING:
                return _WHAT.get(mode, f"no regular file (mode {mode})")
        return _bad_name(self.path) or _bad_name(self.old_path)

    @property
    def shown_path(self) -> str:
        return shown(self.path)


def read_raw(raw: bytes) -> list[Change]:
    """The entries of `git diff-tree -r -z --raw` output."""
    fields = raw.split(b"\0")[:-1]
    changes: list[Change] = []
    at = 0
    while at < len(fields):
        old_mode, new_mode, old_id, new_id, status = fields[at].decode().lstrip(":").split(" ")
        moved = status[0] in "RC"
        old_path, path = fields[at + 1], fields[at + 2 if moved else at + 1]
        changes.append(Change(status[0], old_mode, new_mode, old_id, new_id, old_path, path))
        at += 3 if moved else 2
    return changes


def with_patches(changes: list[Change], patches: bytes) -> tuple[FileDiff, ...]:
    """The changes with their patches: git prints both in the same order. No line inside a hunk can start with `diff`,
    so the split is safe whatever the files contain."""
    chunks = [chunk for chunk in _FILE.split(patches) if chunk]
    files = []
    for change in changes:
        # A change of type is printed as a deletion and a creation.
        mine, chunks = (chunks[:2], chunks[2:]) if change.status == "T" else (chunks[:1], chunks[1:])
        files.append(_file(change, mine))
    if chunks or not all(files):
        raise GitFailed("git's patch does not match its own list of files", transient=False)
    return tuple(files)


def shown(path: bytes) -> str:
    """A path for people and for GitHub, which speaks UTF-8."""
    return path.decode("utf-8", "backslashreplace")


def _file(change: Change, chunks: list[bytes]) -> FileDiff:
    if not chunks:
        raise GitFailed("git's patch does not match its own list of files", transient=False)
    header, at, hunks = chunks[0].partition(b"\n@@ ")
    single = change.status != "T"
    return FileDiff(
        path=change.shown_path,
        status=_STATUS.get(change.status, "modified"),
        previous_path=shown(change.old_path) if change.status == "R" else None,
        patch=f"@@ {hunks.decode('utf-8', 'replace')}" if at and single else None,
        binary=bool(single and not at and _BINARY.search(header)),
    )


def _bad_name(path: bytes) -> str:
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
