"""What is old goes, a few rows at a time; what is still needed stays."""

import pytest

from forgehand.domain.jobs import Change, Retry
from forgehand.domain.projections import window_series
from forgehand.domain.pulls import PullStage
from forgehand.domain.tallies import tally_from
from forgehand.engine.projector import Projector
from forgehand.ports.store import Recorded, Store
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, enqueue, finish, take

pytestmark = pytest.mark.anyio

DAY = 86_400.0
OLD = NOW - 100 * DAY


async def test_old_deliveries_facts_and_ended_jobs_go_and_young_ones_stay(store: Store) -> None:
    for name, at in (("old", OLD), ("young", NOW)):
        await store.record(a_delivery(name, at=at), Change(facts=(a_fact(f"fact-{name}", at=at, delivery=name),)))
        await enqueue(store, a_job(name, at=at), now=at)
        await finish(store, await take(store, name, now=at), now=at)
    await fold(store)
    while await store.forget(NOW - 60 * DAY, NOW, 1):
        pass
    assert [each.delivery.guid for each in await store.deliveries(9)] == ["young"]
    assert [job.id for job in await store.jobs(9)] == ["young"]
    assert await store.facts_of(delivery="old") == []
    assert await store.facts_of(job="old") == []
    assert [fact.id for fact in await store.facts_of(delivery="young")] == ["fact-young"]
    assert await store.record(a_delivery("young", at=NOW), Change()) is Recorded.DUPLICATE


async def test_a_fact_that_is_in_no_projection_yet_stays_however_old(store: Store) -> None:
    await store.commit(Change(facts=(a_fact(at=OLD, delivery="g"),)), NOW)
    assert await store.forget(NOW, NOW, 100) == 0
    await fold(store)
    await store.forget(NOW, NOW, 100)
    assert await store.facts_of(delivery="g") == []


async def test_windows_of_the_past_go_and_its_hours_and_totals_stay(store: Store) -> None:
    await store.commit(Change(facts=(a_fact("old", at=OLD), a_fact("young"))), NOW)
    await fold(store)
    await store.forget(NOW - 60 * DAY, NOW, 100)
    lengths = {span: len(await store.projections(window_series(span), 9)) for span in (300, 900, 3600)}
    assert lengths == {300: 1, 900: 1, 3600: 2}
    totals = await store.projection("totals", "all")
    assert totals is not None
    assert tally_from(totals.content, totals.at).counts == {"something.happened": 2}


async def test_a_dead_letter_that_is_forgotten_stands_nowhere_any_more(store: Store) -> None:
    await store.commit(Change(enqueue=(a_job(at=OLD, max_attempts=1),), facts=(a_fact(at=OLD),)), OLD)
    await finish(store, await take(store, now=OLD), Retry("GitHub did not answer"), now=OLD)
    await fold(store)
    assert await standing(store) == {"now.dead_letter": 1}
    await store.forget(NOW, NOW, 100)
    await fold(store)
    assert await store.jobs(9) == []
    assert await standing(store) == {}


async def test_an_unfinished_job_and_the_latest_of_a_lane_stay_however_old(store: Store) -> None:
    await enqueue(store, a_job("waiting", at=OLD), now=OLD)
    for name in ("first", "latest"):
        await enqueue(store, a_job(name, at=OLD, lane="lane"), now=OLD)
        await finish(store, await take(store, name, now=OLD), now=OLD)
    await store.forget(NOW, NOW, 100)
    assert sorted(job.id for job in await store.jobs(9)) == ["latest", "waiting"]
    latest = await store.latest_job("lane")
    assert latest is not None
    assert latest.id == "latest"


async def test_only_so_many_rows_go_at_once_and_the_oldest_first(store: Store) -> None:
    for number in range(5):
        await store.record(a_delivery(f"d{number}", at=OLD + number), Change())
    assert await store.forget(NOW, NOW, 2) == 2
    assert sorted(each.delivery.guid for each in await store.deliveries(9)) == ["d2", "d3", "d4"]


async def test_expired_secrets_go(store: Store) -> None:
    await store.put_secret("expired", b"x", NOW - 1)
    await store.put_secret("valid", b"y", NOW + 60)
    assert await store.forget(OLD, NOW, 100) == 1
    assert await store.get_secret("valid", NOW) == b"y"


async def test_documents_go_with_age_but_for_configurations_and_queues(store: Store) -> None:
    keys = ("review:22:7:abc", "verdict:22:7", "config:22", "queue:22:main")
    await store.commit(Change(documents=dict.fromkeys(keys, "{}")), OLD)
    await store.commit(Change(documents={"verdict:22:7": '{"again":1}'}), NOW)
    assert await store.forget(NOW - 60 * DAY, NOW, 100) == 1
    left = [key for key in keys if await store.document(key) is not None]
    assert left == ["verdict:22:7", "config:22", "queue:22:main"]


async def test_pull_requests_that_are_over_go_with_age_and_open_ones_stay(store: Store) -> None:
    open_, merged = a_pull(1, at=OLD), a_pull(2, at=OLD, state=PullStage.MERGED)
    closed, young = a_pull(3, at=OLD + 1, state=PullStage.CLOSED), a_pull(4, state=PullStage.MERGED)
    await store.commit(Change(pulls=(open_, merged, closed, young)), NOW)
    assert await store.forget(NOW - 60 * DAY, NOW, 1) == 1
    assert await store.pull(22, 2) is None
    assert await store.forget(NOW - 60 * DAY, NOW, 100) == 1
    assert await store.pulls(9, still_open=True) == [open_]
    assert await store.pulls(9, still_open=False) == [young]


async def fold(store: Store) -> None:
    await Projector(store, lambda: NOW, holder="test").once()


async def standing(store: Store) -> dict[str, int]:
    totals = await store.projection("totals", "all")
    assert totals is not None
    counts = tally_from(totals.content, totals.at).counts
    return {name: number for name, number in counts.items() if name.startswith("now.")}
