"""What checks say of a commit, and which of them a branch requires. Implemented by `adapters.github`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from forgehand.domain.checks import CheckState
from forgehand.domain.repositories import Repo

__all__ = ["Branches", "Check", "CheckState", "Checks", "Compared", "Protection", "RequiredCheck"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check run, or a commit status (its context is the name, and `app` is 0). `ours`: made by our App. `told` is
    GitHub's own word (`timed_out`, `error`, `in_progress`), but `neutral` of a status of ours that means it."""

    name: str
    app: int
    state: CheckState
    told: str
    ours: bool = False
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """`app` 0: whoever reports it."""

    name: str
    app: int = 0


@dataclass(frozen=True, slots=True)
class Protection:
    """What a branch asks of a pull request before GitHub merges it, from branch protection and rulesets together.
    `strict`: the head must contain the base. `unreadable` says which part we may not read; nothing is then assumed."""

    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    approvals: int = 0
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a head stands to a base: `behind`, how many of the base's commits it lacks, and the commit where they parted,
    from which its own change counts."""

    behind: int
    merge_base: str


class Checks(Protocol):
    async def checks(self, repo: Repo, sha: str) -> Sequence[Check]:
        """The latest of each name, app and check suite, check runs and statuses together, sorted by name; read to the
        last page. Two workflows whose jobs share a name give two checks of that name; of one that ran again on this
        commit, for the same kind of event, the newest run counts, where we may read which ran."""
        ...


class Branches(Protocol):
    async def default_branch(self, repo: Repo) -> str: ...

    async def default_tip(self, repo: Repo) -> str | None:
        """The commit that the default branch points at; None in a repository without a commit. Raises Unreachable where
        GitHub does not show that branch (yet)."""
        ...

    async def tip(self, repo: Repo, branch: str) -> str | None:
        """The commit that a branch points at; None where there is no such branch."""
        ...

    async def tree(self, repo: Repo, sha: str) -> str:
        """The sha of a commit's tree."""
        ...

    async def protection(self, repo: Repo, branch: str) -> Protection: ...

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        """Raises NotFound where they have no commit in common, or one of them is gone."""
        ...
