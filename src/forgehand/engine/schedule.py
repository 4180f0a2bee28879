"""The clockwork: polls as jobs, one per interval however many processes run. Runs beside the runner."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from forgehand.domain.jobs import Change, Job, job_id
from forgehand.domain.modes import Grant
from forgehand.ports.store import Jobs, StoreUnavailable
from forgehand.ports.wakeups import Wakeups

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Poll:
    """A job of type `type` every `every` seconds; 0 turns it off."""

    type: str
    every: float


class Schedule:
    def __init__(self, store: Jobs, wakeups: Wakeups, polls: Sequence[Poll], clock: Callable[[], float]) -> None:
        self._store = store
        self._wakeups = wakeups
        self._polls = [poll for poll in polls if poll.every > 0]
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Enqueue each poll at the start, and again whenever its interval begins."""
        while self._polls and not stop.is_set():
            now = self._clock()
            try:
                await self._store.commit(Change(enqueue=tuple(tick(poll, now) for poll in self._polls)), now)
                await self._wakeups.hint([])
            except StoreUnavailable as error:
                log.warning("schedule.missed", why=error.why)
            wait = min(poll.every - now % poll.every for poll in self._polls)
            try:
                await asyncio.wait_for(stop.wait(), max(wait, 0.05))
            except TimeoutError:
                continue


def tick(poll: Poll, now: float) -> Job:
    """The job of the interval that `now` lies in: its id is the interval's, so a second one is no second job."""
    return Job(
        id=job_id("tick", poll.type, poll.every, int(now // poll.every)),
        type=poll.type,
        worker=poll.type,
        tenant=0,
        repository_id=0,
        repository="",
        subject="poll",
        created_at=now,
        grant=Grant(operate=True),
        priority=6,
        key=f"poll:{poll.type}",
        max_attempts=2,
        run_at=now,
        max_duration=600.0,
        correlation=f"{poll.type}:{int(now // poll.every)}",
    )
