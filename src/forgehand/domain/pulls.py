"""What a page shows of a pull request: one row for each, written by whatever decides about it."""

from dataclasses import dataclass
from enum import StrEnum

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
