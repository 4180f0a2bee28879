"""Deliveries: stored once, whole, with what they cause."""

import asyncio

import pytest

from forgehand.domain.arrivals import arrival
from forgehand.domain.jobs import Change
from forgehand.ports.store import Recorded, Store, StoredDelivery
from support.stores import NOW, a_delivery, a_fact, a_job, ids, take

pytestmark = pytest.mark.anyio


async def test_a_delivery_is_stored_with_its_job_and_its_fact(store: Store) -> None:
    delivery = a_delivery(body=bytes(range(256)))
    job = a_job(delivery=delivery.guid)
    fact = a_fact(delivery=delivery.guid)
    assert await store.record(delivery, Change(enqueue=(job,), facts=(fact,))) is Recorded.NEW
    assert await store.delivery(delivery.guid) == StoredDelivery(delivery)
    assert await store.jobs_of(delivery.guid) == [job]
    assert await store.facts_of(delivery=delivery.guid) == [fact]


@pytest.mark.parametrize("ignored", ["", "no worker waits for it"])
async def test_a_delivery_is_received_with_what_comes_with_every_delivery(store: Store, ignored: str) -> None:
    delivery = a_delivery("0b989ba4-242f-11e5-81e1-c7b6966d2516")
    assert await store.receive(delivery, ignored) is Recorded.NEW
    assert await store.receive(delivery, ignored) is Recorded.DUPLICATE
    comes_with = arrival(delivery, ignored)
    assert await store.delivery(delivery.guid) == StoredDelivery(delivery, duplicates=1)
    assert await store.jobs_of(delivery.guid) == [*comes_with.enqueue]
    assert await store.facts_of(delivery=delivery.guid) == [*comes_with.facts]


async def test_a_second_delivery_with_the_same_id_is_only_counted(store: Store) -> None:
    first = a_delivery(body=b"first")
    await store.record(first, Change())
    again = a_delivery(body=b"second", at=NOW + 9)
    change = Change(enqueue=(a_job("of the second"),), facts=(a_fact(delivery=first.guid),), marks={"m": "1"})
    assert await store.record(again, change) is Recorded.DUPLICATE
    assert await store.delivery(first.guid) == StoredDelivery(first, duplicates=1)
    assert await store.job("of the second") is None
    assert await store.facts_of(delivery=first.guid) == []
    assert await store.mark("m") is None


async def test_the_same_delivery_a_hundred_times_at_once_is_new_once(store: Store) -> None:
    change = Change(enqueue=(a_job("plan"),))
    answers = await asyncio.gather(*(store.record(a_delivery(), change) for _ in range(100)))
    assert answers.count(Recorded.NEW) == 1
    kept = await store.delivery("guid-1")
    assert kept is not None
    assert kept.duplicates == 99
    assert ids(await store.jobs(10)) == ["plan"]


async def test_many_deliveries_at_once_each_keep_their_own_body_and_job(store: Store) -> None:
    guids = [f"guid-{number}" for number in range(150)]
    answers = await asyncio.gather(
        *(
            store.record(
                a_delivery(guid, body=guid.encode()), Change(enqueue=(a_job(f"job of {guid}", delivery=guid),))
            )
            for guid in guids
        )
    )
    assert set(answers) == {Recorded.NEW}
    for guid in guids:
        kept = await store.delivery(guid)
        assert kept is not None
        assert kept.delivery.body == guid.encode()
        assert ids(await store.jobs_of(guid)) == [f"job of {guid}"]


async def test_a_delivery_may_set_marks_and_supersede_a_lane(store: Store) -> None:
    await store.record(a_delivery("g1"), Change(enqueue=(a_job("old", lane="pull/7"),)))
    await store.record(a_delivery("g2"), Change(enqueue=(a_job("new", lane="pull/7"),), marks={"seen": "g2"}))
    old, new = await store.job("old"), await store.job("new")
    assert old is not None
    assert new is not None
    assert (old.state, old.ended_at, new.generation) == ("superseded", NOW, 2)
    assert await store.mark("seen") == "g2"


async def test_a_delivery_cannot_carry_a_job_that_somebody_holds(store: Store) -> None:
    await store.commit(Change(enqueue=(a_job(),)), NOW)
    held = await take(store)
    with pytest.raises(ValueError, match="somebody holds"):
        await store.record(a_delivery(), Change(job=held))


async def test_known_guids_are_those_that_are_stored(store: Store) -> None:
    for guid in ("a", "b"):
        await store.record(a_delivery(guid), Change())
    asked = ["a", "b", "c", *(f"unknown-{number}" for number in range(600))]
    assert await store.known_guids(asked) == {"a", "b"}
    assert await store.known_guids([]) == frozenset()
    assert await store.delivery("c") is None


async def test_a_caller_that_goes_away_takes_nobody_with_it(store: Store) -> None:
    calls = [asyncio.ensure_future(store.record(a_delivery(f"g{number}"), Change())) for number in range(40)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    stayed = await asyncio.gather(*calls[1::2])
    assert set(stayed) == {Recorded.NEW}
    assert {f"g{number}" for number in range(1, 40, 2)} <= await store.known_guids([f"g{n}" for n in range(40)])


async def test_verbs_may_be_awaited_from_another_thread_with_its_own_loop(store: Store) -> None:
    recorded = await asyncio.to_thread(lambda: asyncio.run(_record_elsewhere(store)))
    assert recorded is Recorded.NEW
    assert await store.known_guids(["guid-1"]) == {"guid-1"}


async def _record_elsewhere(store: Store) -> Recorded:
    return await store.record(a_delivery(), Change())
