"""Workflows of repositories, their runs, and where our App may start them. Implemented by `adapters.github`.

Each protocol is for one who needs no more. Every verb raises one of the `ports.github` errors, but says in its answer
what is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from forgehand.domain.repositories import Repo


@dataclass(frozen=True, slots=True)
class Workflow:
    """`path` is that of its file. `state` is GitHub's word: `active`, `disabled_manually`, `disabled_inactivity` …
    `dispatchable`: its file, as it is at the ref that was asked for, lists `workflow_dispatch`, or cannot be read by
    us, so that only GitHub can say."""

    id: int
    name: str
    path: str
    state: str
    dispatchable: bool

    @property
    def active(self) -> bool:
        return self.state == "active"


class Workflows(Protocol):
    async def workflow(self, repo: Repo, file: str, ref: str) -> Workflow | None:
        """The workflow whose file in `.github/workflows` has this name; None where GitHub knows none."""
        ...

    async def ref_exists(self, repo: Repo, name: str) -> bool:
        """Whether there is a branch or a tag of exactly this name."""
        ...

    async def tag_exists(self, repo: Repo, name: str) -> bool:
        """Whether there is a tag of exactly this name."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `workflow` is the path of its file, `event` what started it, `conclusion` empty while it goes on.
    `head_branch` is a tag's name where the run is of a tag. `head_repository` is empty once a fork has been deleted,
    and `head_is_fork` None where GitHub does not say whether that repository is one. `created_at` and `updated_at` are
    epoch seconds: of a run that ended, the last change is its end."""

    id: int
    name: str
    workflow: str
    event: str
    status: str
    conclusion: str
    head_branch: str
    head_sha: str
    head_repository: str
    head_is_fork: bool | None
    actor: str
    url: str
    created_at: float
    updated_at: float
    attempt: int = 1

    @property
    def ended(self) -> bool:
        return self.status == "completed"


class Runs(Protocol):
    async def run(self, repo: Repo, run: int) -> Run | None:
        """The run of this id; None where there is none (any more)."""
        ...


NEWEST = 100
"""Runs of a repository that are watched for every change."""


class WatchedRuns(Runs, Protocol):
    async def newest(self, repo: Repo, etag: str | None, known: int = 0) -> tuple[Sequence[Run], str | None] | None:
        """The `NEWEST` that began last, whether or not they ended, and all since the one of the id `known`, at most a
        thousand; the newest first. And the ETag to ask with next time; None when nothing changed of the `NEWEST`."""
        ...

    async def under_way(self, repo: Repo, etag: str | None) -> tuple[Sequence[Run], str | None] | None:
        """A hundred that are in progress, among them old ones that are repeated, and the ETag to ask with next time;
        None when nothing changed."""
        ...


@dataclass(frozen=True, slots=True)
class NotInstalled:
    """Our App cannot see that repository: it does not exist, or no installation of ours includes it."""

    why: str


@dataclass(frozen=True, slots=True)
class PermissionMissing:
    """An installation of ours includes it and does not let us start workflows there."""

    why: str


class Installations(Protocol):
    async def find(self, full_name: str) -> Repo | NotInstalled | PermissionMissing:
        """The repository, through the installation that includes it and may start its workflows. With a person's
        token instead of an App: the repository where the person may write, through no installation."""
        ...
