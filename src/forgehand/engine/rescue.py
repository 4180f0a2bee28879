"""Healing what a crash left: dead leases, and wake-ups that got lost. Runs beside every runner."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from forgehand.ports.store import Controls, Jobs, StoreUnavailable
from forgehand.ports.wakeups import Wakeups

log = structlog.get_logger(__name__)


class RescueStore(Jobs, Controls, Protocol):
    """The part of the store that rescue needs."""


class Rescue:
    """`grace` seconds are granted to a lease beyond its end, for clocks that differ between machines. `is_dead` knows
    holders that were processes of this machine and are gone: their leases need not run out first."""

    def __init__(
        self,
        store: RescueStore,
        wakeups: Wakeups,
        is_dead: Callable[[str], bool],
        clock: Callable[[], float],
        *,
        grace: float = 5.0,
        every: float = 15.0,
    ) -> None:
        self._store = store
        self._wakeups = wakeups
        self._is_dead = is_dead
        self._clock = clock
        self._grace = grace
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.once_or_later()
            try:
                await asyncio.wait_for(stop.wait(), self._every)
            except TimeoutError:
                continue

    async def once_or_later(self) -> None:
        """As `once`; where the store cannot be asked just now, that is logged and left to the next time."""
        try:
            await self.once()
        except StoreUnavailable as error:
            log.warning("rescue.missed", why=error.why)

    async def once(self) -> int:
        """Take back every lease that is dead, and wake what a lifted pause left waiting; gives how many jobs."""
        taken = 0
        for holder in await self._store.holders():
            if self._is_dead(holder):
                taken += len(await self._store.release(holder, self._clock()))
        taken += len(await self._store.reclaim(self._clock(), self._grace))
        if taken:
            log.warning("rescue.leases", taken=taken)
        if await self._store.paused() is None:
            # A job that met the pause and settled after it was lifted was not there to be woken.
            taken += len(await self._store.wake("resume", self._clock()))
        if taken:
            await self._wakeups.hint([])
        return taken
