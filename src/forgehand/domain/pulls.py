"""What a page shows of a pull request: one row for each, written by whatever decides about it."""

from dataclasses import dataclass
from enum import StrEnum

from forgehand.domain.paging import Last
from forgehand.domain.repositories import Repo


class PullStage(StrEnum):
    """What GitHub says."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Standing(StrEnum):
    """Where it stands on its way."""

    READY = "ready"
    BLOCKED = "blocked"
    WAITING = "waiting"
    """Something has not answered yet."""
    QUEUED = "queued"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullState:
    """A pull request as last judged. `blocker` is the first thing that stands in its way, in a sentence; `position` its
    place in a merge queue, from 1. An older `generation` (of the job that judged) never overwrites a newer one."""

    repo: Repo
    number: int
    title: str
    author: str
    base_ref: str
    head_sha: str
    state: PullStage
    standing: Standing
    url: str
    generation: int
    updated_at: float
    blocker: str = ""
    position: int | None = None

    @property
    def key(self) -> str:
        """What tells it apart, and orders those of one time: `42/7`."""
        return f"{self.repo.id}/{self.number}"

    @property
    def last(self) -> Last:
        """Where a page of pull requests ended that ended with this one."""
        return Last(self.updated_at, self.key)


def key_parts(key: str) -> tuple[int, int]:
    """The repository's id and the number in a key; both 0 where it is none."""
    repository, _, number = key.partition("/")
    known = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (repository, number))
    return (int(repository), int(number)) if known else (0, 0)
