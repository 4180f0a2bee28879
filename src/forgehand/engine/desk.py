"""The desk that `engine.runner` gives a worker: its job, the clock, and the door to the gate."""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from forgehand.domain.effects.base import Effect
from forgehand.domain.jobs import Job, Outcome
from forgehand.domain.retries import LAG_SECONDS
from forgehand.ports.desk import Landed


class Door(Protocol):
    """`engine.gate.Gate`, or `engine.dry_run.DryGate`."""

    async def perform(self, effect: Effect, job: Job) -> Landed: ...


class JobDesk:
    def __init__(self, job: Job, gate: Door, clock: Callable[[], float], lag: float = LAG_SECONDS) -> None:
        self.job = job
        self.now = clock
        self.lag = lag
        self._gate = gate
        self._log = structlog.get_logger("forgehand.job").bind(
            job=job.id, type=job.type, correlation=job.correlation, repository=job.repository, subject=job.subject
        )

    async def perform(self, effect: Effect) -> Landed:
        landed = await self._gate.perform(effect, self.job)
        self.say("effect", effect=effect.describe(), landing=landed.landing, why=landed.why)
        return landed

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        for effect in effects:
            landed = await self.perform(effect)
            if landed.stop is not None:
                return landed.stop
        return None

    def say(self, message: str, **details: object) -> None:
        self._log.info(message, **details)
