"""Git, as workers need it. Implemented by `adapters.git` with the git command line."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from forgehand.domain.repositories import Repo


class GitFailed(Exception):
    """A git command failed; `why` is redacted. `transient` when trying again may help (network, lock)."""

    def __init__(self, why: str, *, transient: bool) -> None:
        super().__init__(why)
        self.why = why
        self.transient = transient


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file. `status` is one of added, removed, modified, renamed; a file that takes the place of a symbolic
    link is added. `added` are its new lines, counted from 1; none for a binary file. `left_out` says why it is on
    neither side, and `excused` that this is for what it is, not for its size or name: a link, a submodule, binary."""

    path: str
    status: str
    previous_path: str | None
    added: tuple[range, ...] = ()
    binary: bool = False
    left_out: str = ""
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pull request's two sides as plain files in throw-away folders: only files that the change leaves behind,
    regular files only, no `.git`. `base` is the merge base's side, where a renamed file has its previous path and an
    added one is absent. Paths are for people: of two files with odd names that look alike, one at most is there."""

    merge_base: str
    head_sha: str
    base: Path
    head: Path
    files: tuple[FileDiff, ...]


class Comparisons(Protocol):
    def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AbstractAsyncContextManager[Comparison]:
        """Fetch the pull request `number` with a read-only token of this repository and export both sides; the folders
        are removed on leaving. Raises GitFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Checkout:
    """A commit's tree as a tar archive, for the sandbox to unpack: nobody else may. `paths` are its files and links;
    `left_out` says which entries are not in it and why: submodules, odd names, files that are too large."""

    sha: str
    archive: Path
    paths: frozenset[str]
    left_out: Mapping[str, str] = field(default_factory=dict)


class Checkouts(Protocol):
    def checkout(self, repo: Repo, sha: str) -> AbstractAsyncContextManager[Checkout]:
        """Fetch a commit, of a pull request or a branch, with a read-only token of this repository, and pack its tree;
        the archive is removed on leaving. Raises GitFailed, also for a tree that is too large."""
        ...
