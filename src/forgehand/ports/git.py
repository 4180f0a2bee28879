"""Git, as workers need it. Implemented by `adapters.git` with the git command line."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
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
    """One changed file. `patch` starts at its first `@@` and has 3 lines of context, like GitHub's; None for binary
    files and where only mode or name changed. `status` is one of added, removed, modified, renamed."""

    path: str
    status: str
    previous_path: str | None
    patch: str | None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pull request's two sides as plain files in throw-away folders: only files that the change leaves behind,
    regular files only, no `.git`. `base` is the merge base's side, where a renamed file has its previous path and an
    added one is absent. `left_out` maps a path to why it is on neither side."""

    merge_base: str
    head_sha: str
    base: Path
    head: Path
    files: tuple[FileDiff, ...]
    left_out: Mapping[str, str]


class Comparisons(Protocol):
    def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AbstractAsyncContextManager[Comparison]:
        """Fetch the pull request `number` with a read-only token of this repository and export both sides; the folders
        are removed on leaving. Raises GitFailed."""
        ...
