"""Git, as workers need it. Implemented by `adapters.git` with the git command line."""

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
class Comparison:
    """A pull request's two sides as plain files in throw-away folders: only files the change touches, regular files
    only, no `.git`. `base` is the merge base's side. `diff` is the unified diff with 3 lines of context, paths
    unquoted (`core.quotePath=false`), renames detected. `left_out` maps a path to why it is not there."""

    merge_base: str
    head_sha: str
    base: Path
    head: Path
    diff: str
    left_out: dict[str, str]


class Comparisons(Protocol):
    def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AbstractAsyncContextManager[Comparison]:
        """Fetch the pull request `number` with a read-only token of this repository and export both sides; the folders
        are removed on leaving. Raises GitFailed."""
        ...
