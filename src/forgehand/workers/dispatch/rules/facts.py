"""What a dispatch is judged by, read once into frozen values. Made by `reading`, and offline by assembly."""

from dataclasses import dataclass
from enum import StrEnum

from forgehand.domain.repositories import Repo
from forgehand.workers.dispatch.config import Dispatching


@dataclass(frozen=True, slots=True)
class Link:
    """One run of a chain that we made: which workflow of which repository it was of."""

    repository: str
    workflow: str
    run: int


class Whence(StrEnum):
    """Whether a run is of the branch that it names. Its name alone does not say so: where a run is of a tag, GitHub
    gives the tag's name in the same place."""

    UNKNOWN = "unknown"
    """Nobody has looked."""
    BRANCH = "branch"
    """Its commit lies on that branch, and no tag is called so."""
    TAG = "tag"
    """A tag is called so."""
    ELSEWHERE = "elsewhere"
    """Its commit does not lie there, or there is no such branch (any more)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A run that ended. `workflow` is the name of its file, `head_repository` is empty where nobody knows, and
    `head_is_fork` None. `chain` are the runs that led to it by our dispatches, the oldest first; `ours`: we started
    it, or the run that it follows by `on: workflow_run`, whether or not it is known what led to it. `event` is what
    started it, as GitHub says it."""

    repository: str
    repository_id: int
    installation: int
    run: int
    attempt: int
    workflow: str
    conclusion: str
    head_branch: str
    head_sha: str
    head_repository: str
    head_is_fork: bool | None
    default_branch: str
    url: str
    ours: bool = False
    chain: tuple[Link, ...] = ()
    event: str = ""
    whence: Whence = Whence.UNKNOWN

    @property
    def repo(self) -> Repo:
        return Repo(self.installation, self.repository_id, self.repository)


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is none on the default branch."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The file cannot be used; one line for each thing that is wrong in it."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody can say yet: GitHub did not answer, or nobody asked."""

    why: str


Config = Dispatching | NoFile | Broken | Unreadable


@dataclass(frozen=True, slots=True)
class Installed:
    """We may start workflows there, by this name and through this installation."""

    repo: Repo


@dataclass(frozen=True, slots=True)
class Absent:
    """We may not: `sees` is whether an installation of ours includes the repository at all."""

    why: str
    sees: bool


@dataclass(frozen=True, slots=True)
class Renamed:
    """It has another name now. Nobody starts anything under an old one, which may be given to another repository."""

    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of a target. `ref` (whether it is there) and `workflow` stay None until somebody looks, right
    before it is started."""

    installed: Installed | Absent | Renamed | Unreadable
    config: Config
    ref: bool | None = None
    workflow: "WorkflowState | None" = None


@dataclass(frozen=True, slots=True)
class WorkflowState:
    """Of the workflow to be started: whether it is known, switched on, and takes a `workflow_dispatch` at the ref."""

    known: bool = True
    active: bool = True
    dispatchable: bool = True


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator allows. Patterns are globs; none at all allow everything."""

    default_ref: str = "main"
    sources: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    create_issues: bool = True
