"""A worker's desk: its job, the clock, and the door to the gate. Given by `engine.desk`; workers get nothing else but
the narrow ports that assembly hands to their constructor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from forgehand.domain.effects.base import Effect
from forgehand.domain.jobs import Job, Outcome


class Landing(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    """It was there already, with this content."""
    REFUSED = "refused"
    """The gate or GitHub said no."""
    CONFLICT = "conflict"
    """GitHub said no, for things are not as the effect takes them to be: the head moved, or the merge has conflicts."""
    WOULD = "would"
    """A dry run: it would have been sent."""
    NOT_NOW = "not now"
    """Paused, throttled, ambiguous or out of time: the job must come back."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of one effect. `found`: it was there before anything of ours was sent for it, so that others made it.
    `stop` is the outcome with which the job must end when it cannot go on. `reason` is the word that a kind of effect
    has for GitHub's refusal, where it has any, such as `DispatchRefusal`."""

    landing: Landing
    why: str = ""
    url: str = ""
    remote_id: str = ""
    found: bool = False
    stop: Outcome | None = None
    reason: str = ""


class Desk(Protocol):
    @property
    def job(self) -> Job: ...

    def now(self) -> float: ...

    @property
    def lag(self) -> float:
        """How many seconds GitHub's replicas may take to show what happened."""
        ...

    async def perform(self, effect: Effect) -> Landed:
        """Ask the gate for one effect."""
        ...

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        """Ask for each in order; the first that stops the job ends it with that outcome."""
        ...

    def say(self, message: str, **details: object) -> None:
        """Log a step of the work, with the job's correlation."""
        ...


class Worker(Protocol):
    @property
    def type(self) -> str:
        """The type of the jobs it runs."""
        ...

    async def run(self, desk: Desk) -> Outcome:
        """Do the job on the desk. Port errors may escape: the runner turns them into outcomes."""
        ...
