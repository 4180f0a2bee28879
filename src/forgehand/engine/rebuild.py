"""All projections once more, from the facts, into a fresh edition that then takes the place of the present one.

For rows that a new version keeps differently, and to prove that the present ones are right. Meanwhile the present
edition is read as ever, and new facts wait in the outbox. What forgotten facts had added stays: rows for ever start
from it, and what belongs to a moment before the oldest whole hour of kept facts is taken over as it is. Called by
`cli` through `assembly`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from forgehand.domain.projections import Projection, timed
from forgehand.engine.projector import rows_with
from forgehand.ports import store as ports
from forgehand.ports.store import Edition, Lead, StoreUnavailable, Written

ATTEMPTS = 5
PATIENCE_SECONDS = 60.0


class RebuildStore(ports.Folding, ports.Rebuilding, Protocol):
    """The part of the store that a rebuild needs."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`changed`: rows that are there, or say something, other than before."""

    facts: int
    rows: int
    changed: int


class Rebuild:
    """`holder` names this process; `lease` seconds after it died, folding goes on with the present edition."""

    def __init__(
        self,
        store: RebuildStore,
        clock: Callable[[], float],
        *,
        holder: str,
        lease: float = 30.0,
        rows_at_a_time: int = 500,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._page = rows_at_a_time

    async def run(self) -> Rebuilt:
        """Raises StoreUnavailable when another one folds for a minute on end, or facts are forgotten all the time."""
        for _ in range(ATTEMPTS):
            lead = await self._lead()
            rebuilt = await self._once(lead)
            if rebuilt is not None:
                return rebuilt
        raise StoreUnavailable("facts were folded or forgotten during every attempt: try again later")

    async def _lead(self) -> Lead:
        """A projector leads only while it folds, so its next pause is soon."""
        patience = time.monotonic() + PATIENCE_SECONDS
        while (lead := await self._store.lead(self._holder, self._lease, self._clock())) is None:
            if time.monotonic() > patience:
                raise StoreUnavailable("the projections are being written by another process: try again later")
            await asyncio.sleep(0.02)
        return lead

    async def _once(self, lead: Lead) -> Rebuilt | None:
        """None when it has to be begun again: somebody else led, or facts were forgotten."""
        await self._drop_old()
        edition = await self._store.begin_edition(lead, self._until())
        if edition is None or not await self._take_over(edition, lead):
            return None
        facts = await self._fold(edition, lead)
        if facts is None:
            return None
        before = {_key(row): row async for row in self._rows()}
        after = {_key(row): row async for row in self._rows(edition)}
        if await self._store.publish(edition, lead) is not Written.YES:
            return None
        await self._drop_old()
        changed = sum(before.get(key) != after.get(key) for key in {*before, *after})
        return Rebuilt(facts, len(after), changed)

    async def _take_over(self, edition: Edition, lead: Lead) -> bool:
        """What the kept facts cannot tell any more."""
        async for page in self._pages():
            old = [row for row in page if timed(row.series) and row.at < edition.since]
            if await self._store.draft(old, edition, lead, self._until()) is not Written.YES:
                return False
        return True

    async def _fold(self, edition: Edition, lead: Lead) -> int | None:
        folded, after = 0, 0
        while facts := await self._store.folded(after, self._page):
            rows = await rows_with(self._store, facts, edition)
            if await self._store.draft(rows, edition, lead, self._until()) is not Written.YES:
                return None
            folded, after = folded + len(facts), facts[-1].number
        return folded

    async def _rows(self, edition: Edition | None = None) -> AsyncIterator[Projection]:
        async for page in self._pages(edition):
            for row in page:
                yield row

    async def _pages(self, edition: Edition | None = None) -> AsyncIterator[list[Projection]]:
        after = ("", "")
        while page := await self._store.edition_page(after, self._page, edition.number if edition else None):
            yield page
            after = _key(page[-1])

    async def _drop_old(self) -> None:
        while await self._store.drop_editions(self._page):
            continue

    def _until(self) -> float:
        return self._clock() + self._lease


def _key(row: Projection) -> tuple[str, str]:
    return row.series, row.name
