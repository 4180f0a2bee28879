"""Forgetting what is old, so that a store does not grow for ever. A daily job, put on the clock by `schedule`."""

from forgehand.domain.jobs import Done, Outcome
from forgehand.ports.desk import Desk
from forgehand.ports.store import Memory

ROWS_AT_A_TIME = 500
"""Few enough that a webhook never waits for a long transaction."""


class Tidy:
    """`keep` seconds of deliveries, jobs and facts stay."""

    type = "tidy"

    def __init__(self, store: Memory, keep: float) -> None:
        self._store = store
        self._keep = keep

    async def run(self, desk: Desk) -> Outcome:
        rows = 0
        while gone := await self._store.forget(desk.now() - self._keep, desk.now(), ROWS_AT_A_TIME):
            rows += gone
        return Done({"rows": rows})
