"""Whether deliveries come in as a crowd. Asked by `engine.runner` and `engine.projector`, which then give way to the
intake: GitHub waits ten seconds for its answer, and nobody waits for a plan or a number.

The store knows it: whoever takes deliveries in, and on which machine, they all end up there.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from forgehand.ports.store import StoredDelivery, StoreUnavailable

MANY = 100
WITHIN_SECONDS = 0.1
NOW_SECONDS = 1.0
"""How long ago the last of them may have come."""


async def never() -> bool:
    """Where nobody has to give way."""
    return False


class Newest(Protocol):
    """What `ports.store.Store` does."""

    async def deliveries(self, limit: int) -> Sequence[StoredDelivery]: ...


class Crowd:
    """Asked like a function: whether the newest `MANY` deliveries came within `WITHIN_SECONDS`, and just now."""

    def __init__(self, store: Newest, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self) -> bool:
        try:
            newest = await self._store.deliveries(MANY)
        except StoreUnavailable:
            return False
        if len(newest) < MANY:
            return False
        last, first = newest[0].delivery.received_at, newest[-1].delivery.received_at
        # Clocks of two machines differ: then nobody gives way, which costs the intake time and nothing else.
        return last - first <= WITHIN_SECONDS and abs(self._clock() - last) <= NOW_SECONDS
