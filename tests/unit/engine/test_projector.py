import asyncio
from collections.abc import Sequence

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.jobs import Change
from forgehand.domain.projections import Projection
from forgehand.domain.tallies import tally_from
from forgehand.engine.projector import Projector
from forgehand.ports.store import Lead, StoreUnavailable, Written
from support.engine import Clock
from support.stores import NOW, a_fact

pytestmark = pytest.mark.anyio


async def test_everything_that_is_there_is_folded_some_at_a_time() -> None:
    store = await opened()
    await happen(store, 25)
    assert await projector(store, facts_at_a_time=10).once() == 25
    assert await counted(store) == 25
    assert await projector(store).once() == 0


async def test_while_a_crowd_of_deliveries_comes_in_it_folds_a_little_at_a_look_and_the_rest_afterwards() -> None:
    store = await opened()
    await happen(store, 45)
    crowd = iter([True, True, True, False, False, False])

    async def crowded() -> bool:
        return next(crowd)

    giving_way = Projector(store, Clock(), holder="one", facts_at_a_time=10, crowded=crowded)
    assert [await giving_way.once() for _ in range(5)] == [10, 2, 2, 31, 0]
    assert await counted(store) == 45


async def test_another_one_may_fold_between_two_looks_but_not_during_one() -> None:
    store = await opened()
    await happen(store, 3)
    assert await projector(store, "one").once() == 3
    await happen(store, 2, "more")
    assert await store.lead("two", 10, NOW + 1) is not None
    assert await projector(store, "one").once() == 0
    assert await projector(store, "two").once() == 2
    assert await counted(store) == 5


async def test_who_is_overtaken_in_the_middle_counts_nothing_twice() -> None:
    store = Overtaken()
    await store.open()
    await happen(store, 3)
    assert await projector(store).once() == 0
    assert await counted(store) == 3


async def test_it_goes_on_when_the_store_answers_again() -> None:
    store, stop = await opened(), asyncio.Event()
    await store.close()
    running = asyncio.create_task(projector(store, every=0.001).run(stop))
    with pytest.raises(StoreUnavailable):
        await store.unfolded(1)
    await store.open()
    await happen(store, 3)
    async with asyncio.timeout(30):
        while await store.unfolded(1):
            await asyncio.sleep(0)
    stop.set()
    await running
    assert await counted(store) == 3


class Overtaken(MemoryStore):
    """Another one folds between our reading and our writing."""

    async def fold(self, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
        newer = await self.lead("other", 10, NOW + 1000)
        assert newer is not None
        assert await super().fold(rows, facts, newer, NOW) is Written.YES
        return await super().fold(rows, facts, lead, until)


async def opened() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


async def happen(store: MemoryStore, number: int, name: str = "fact") -> None:
    await store.commit(Change(facts=tuple(a_fact(f"{name} {n}") for n in range(number))), NOW)


async def counted(store: MemoryStore) -> int:
    row = await store.projection("totals", "all")
    return tally_from(row.content, row.at).count("something.happened") if row else 0


def projector(store: MemoryStore, holder: str = "one", every: float = 1.0, facts_at_a_time: int = 500) -> Projector:
    return Projector(store, Clock(), holder=holder, every=every, facts_at_a_time=facts_at_a_time)
