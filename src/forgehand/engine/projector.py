"""Folding facts into the rows that pages read, each fact once. One projector works at a time, in some worker process.

It takes the next facts, works out the rows as they will be, and writes them in the same commit that takes the facts out
of the outbox: killed at any point, it has folded them or not. What it worked out from rows that another one has written
since is refused by its fence. Started by `assembly`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from forgehand.domain.projections import Projection, by_row, rows_after, timed
from forgehand.engine.crowd import never
from forgehand.ports.store import Edition, Folding, Lead, Numbered, StoreUnavailable, Written

log = structlog.get_logger(__name__)

FACTS_AT_A_TIME = 500
"""Enough to write each row of the minute once for many facts, few enough that the intake waits for no long commit."""
CROWD_SHARE = 5
"""While deliveries come in as a crowd, one fact, and one look, for so many otherwise: a fact costs the machine a fifth
of what a delivery does, and the numbers lag behind a crowd in any case."""


class Projector:
    """`holder` names this process. `lease` seconds after one has died the next takes over; `every` seconds it looks for
    facts. While deliveries come in as a crowd (`crowded`), it looks more seldom, and folds one small batch at each look
    and no more."""

    def __init__(
        self,
        store: Folding,
        clock: Callable[[], float],
        *,
        holder: str,
        lease: float = 10.0,
        every: float = 0.5,
        facts_at_a_time: int = FACTS_AT_A_TIME,
        crowded: Callable[[], Awaitable[bool]] = never,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._every = every
        self._limit = facts_at_a_time
        self._crowded = crowded
        self._gives_way = False

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.once()
            except StoreUnavailable as error:
                log.warning("projector.missed", why=error.why)
            try:
                await asyncio.wait_for(stop.wait(), self._every * (CROWD_SHARE if self._gives_way else 1))
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Fold everything that is there, unless another one does or the intake needs the machine; gives how many facts.
        Costs one look when there is nothing."""
        folded = 0
        while facts := await self._store.unfolded(limit := self._limit // (CROWD_SHARE if self._gives_way else 1) or 1):
            lead = await self._store.lead(self._holder, self._lease, self._clock())
            if lead is None:
                break
            more = len(facts) == limit
            written = await self._fold(facts, lead, self._clock() + self._lease if more else self._clock())
            if written is not Written.YES:
                # Another one was at it meanwhile: whatever is left, it or the next look will find.
                log.info("projector.overtaken", why=str(written))
                break
            folded += len(facts)
            self._gives_way = more and await self._crowded()
            if not more or self._gives_way:
                break
        return folded

    async def _fold(self, facts: Sequence[Numbered], lead: Lead, until: float) -> Written:
        """Only what is read once we lead is sure to stay as it is. `until`: at once, after the last of them, so that
        whoever looks next may lead."""
        rows = await rows_with(self._store, facts)
        return await self._store.fold(rows, [each.number for each in facts], lead, until)


async def rows_with(store: Folding, facts: Sequence[Numbered], edition: Edition | None = None) -> list[Projection]:
    """The rows that these facts touch, as they will be; in an edition in the making, those that it makes itself."""
    steps = by_row(each.fact for each in facts)
    if edition:
        steps = {key: own for key, own in steps.items() if not timed(key[0]) or own[0].at >= edition.since}
    return rows_after(steps, await store.projections_named(list(steps), edition.number if edition else None))
