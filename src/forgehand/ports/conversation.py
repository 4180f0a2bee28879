"""What people, and we, said on a pull request: reviews, threads, comments. Implemented by `adapters.github`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from forgehand.domain.repositories import Repo


@dataclass(frozen=True, slots=True)
class SubmittedReview:
    """A review that was submitted. `commit` is the head it was made on. `ours`: what we said, not what the person did
    whose token is used instead of an App; so it is of threads and comments. `slot`: that of the effect that made it,
    where it is ours."""

    author: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]
    commit: str
    submitted_at: float
    ours: bool = False
    id: int = 0
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """A review thread. `id` is GraphQL's. `ours`: our App wrote its first comment, whose text is `body`. `answered`:
    somebody else wrote in it."""

    id: str
    resolved: bool
    path: str
    body: str
    ours: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment as it is now. `edited`: it no longer says what it said at first. `created_at` is epoch seconds."""

    id: int
    number: int
    author: str
    body: str
    edited: bool
    ours: bool
    created_at: float


class IssueComments(Protocol):
    """Comments of issues that are no pull requests."""

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        """One comment; None once it is deleted."""
        ...


class Conversation(Protocol):
    async def reviews(self, repo: Repo, number: int) -> Sequence[SubmittedReview]:
        """All submitted reviews, oldest first."""
        ...

    async def threads(self, repo: Repo, number: int) -> Sequence[Thread]:
        """All review threads, read to the last page."""
        ...

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        """One comment of an issue or pull request; None once it is deleted."""
        ...
