"""When deliveries are a crowd."""

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change
from forgehand.engine.crowd import MANY, WITHIN_SECONDS, Crowd

pytestmark = pytest.mark.anyio

NOW = 1_000_000.0


async def holding(count: int, seconds: float, *, until: float = NOW) -> MemoryStore:
    """A store that took `count` deliveries in, evenly over `seconds`."""
    store = MemoryStore()
    await store.open()
    for number in range(count):
        at = until - seconds * number / (count - 1)
        await store.record(Delivery(f"g{number}", "push", b"{}", at), Change())
    return store


@pytest.mark.parametrize(
    ("count", "seconds", "until", "crowd"),
    [
        pytest.param(MANY, WITHIN_SECONDS, NOW, True, id="many at once"),
        pytest.param(MANY, 0.0, NOW + 0.9, True, id="by a clock that is a little ahead"),
        pytest.param(MANY - 1, 0.0, NOW, False, id="a few at once"),
        pytest.param(MANY, WITHIN_SECONDS * 2, NOW, False, id="many, one after the other"),
        pytest.param(MANY, 0.0, NOW - 60, False, id="many, but a minute ago"),
        pytest.param(MANY, 0.0, NOW + 60, False, id="by a clock that is a minute ahead"),
    ],
)
async def test_a_crowd_is_many_within_a_moment_and_now(count: int, seconds: float, until: float, crowd: bool) -> None:
    store = await holding(count, seconds, until=until)
    assert await Crowd(store, lambda: NOW)() is crowd


async def test_a_store_that_does_not_answer_knows_of_no_crowd() -> None:
    store = await holding(MANY, 0.0)
    await store.close()
    assert not await Crowd(store, lambda: NOW)()
