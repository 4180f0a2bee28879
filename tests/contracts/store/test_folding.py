"""Facts become rows of projections, each exactly once, whoever folds them and however often they come."""

import asyncio

import pytest

from forgehand.domain.jobs import Change, Failed
from forgehand.domain.paging import Last
from forgehand.domain.projections import Projection
from forgehand.ports.store import Lead, Store, Written
from support.stores import NOW, a_delivery, a_fact, a_job, enqueue, finish, opened, take

pytestmark = pytest.mark.anyio

LATER = NOW + 10


async def test_every_new_fact_is_unfolded_until_it_is_folded(store: Store) -> None:
    assert await store.unfolded_since() is None
    await store.record(a_delivery(), Change(facts=(a_fact("a", at=NOW),)))
    await store.commit(Change(facts=(a_fact("b", at=NOW + 1), a_fact("c", at=NOW + 2))), NOW)
    assert await store.unfolded_since() == NOW
    first, second = await store.unfolded(2)
    assert [each.fact for each in (first, second)] == [a_fact("a"), a_fact("b", at=NOW + 1)]
    lead = await leading(store)
    assert await store.fold([a_row(content="{}")], [first.number, second.number], lead, LATER) is Written.YES
    assert [each.fact.id for each in await store.unfolded(9)] == ["c"]
    assert await store.unfolded_since() == NOW + 2


async def test_a_repeated_fact_is_not_folded_again(store: Store) -> None:
    await store.commit(Change(facts=(a_fact("a"), a_fact("a"))), NOW)
    [only] = await store.unfolded(9)
    await store.fold([], [only.number], await leading(store), LATER)
    await store.commit(Change(facts=(a_fact("a"),)), NOW)
    await store.record(a_delivery(), Change(facts=(a_fact("a"),)))
    assert await store.unfolded(9) == []


async def test_facts_of_transitions_are_unfolded_as_any_other(store: Store) -> None:
    await enqueue(store, a_job())
    await finish(store, await take(store), Failed("no"))
    assert [each.fact.kind for each in await store.unfolded(9)] == ["job.failed"]


async def test_rows_are_written_as_they_now_are_and_read_by_key_and_range(store: Store) -> None:
    lead = await leading(store)
    rows = [a_row("300:all", str(at), at=at, content=f'{{"counts":{{"n":{at}}}}}') for at in (300, 600, 900)]
    await store.fold([*rows, a_row("totals", "all")], [], lead, LATER)
    newer = a_row("300:all", "600", at=600, content='{"counts":{"n":7}}')
    await store.fold([newer], [], lead, LATER)
    assert await store.projection("300:all", "600") == newer
    assert await store.projection("300:all", "1200") is None
    assert await store.projections("300:all", 2) == [rows[2], newer]
    assert await store.projections("300:all", 9, before=Last(600)) == [rows[0]]
    assert await store.projections("300:all", 9, since=600) == [rows[2], newer]
    assert await store.projections("300:all", 9, before=Last(900), since=600) == [newer]
    wanted = [("300:all", "300"), ("totals", "all"), ("totals", "none"), *(("none", str(n)) for n in range(600))]
    assert sorted(each.name for each in await store.projections_named(wanted)) == ["300", "all"]
    assert await store.projections_named([]) == []


async def test_rows_are_found_by_the_beginning_of_their_names(store: Store) -> None:
    names = ("acme/rocket", "acme/robot", "acme-labs/rocket", "acme")
    rows = {name: a_row("names", name) for name in names}
    await store.fold([*rows.values(), a_row("other", "acme/rover")], [], await leading(store), LATER)
    assert await store.projections_like("names", "acme/ro", 9) == [rows["acme/robot"], rows["acme/rocket"]]
    assert await store.projections_like("names", "acme/ro", 1) == [rows["acme/robot"]]
    assert await store.projections_like("names", "zebra", 9) == []


async def test_one_leads_at_a_time_and_another_only_once_the_lease_has_ended(store: Store) -> None:
    first = await store.lead("one", 10, NOW)
    assert first is not None
    assert await store.lead("two", 10, NOW + 5) is None
    assert await store.lead("one", 10, NOW + 5) == first
    assert await store.lead("two", 10, NOW + 14) is None
    second = await store.lead("two", 10, NOW + 15)
    assert second is not None
    assert second.fence > first.fence
    assert await store.lead("one", 10, NOW + 15) is None


async def test_who_leads_no_more_writes_nothing(store: Store) -> None:
    await store.commit(Change(facts=(a_fact(),)), NOW)
    [fact] = await store.unfolded(9)
    old = await leading(store, "one")
    new = await leading(store, "two", now=NOW + 100)
    assert await store.fold([a_row()], [fact.number], old, NOW + 200) is Written.FENCE_LOST
    assert await store.projection("totals", "all") is None
    assert await store.unfolded(9) == [fact]
    assert await store.fold([a_row()], [fact.number], new, NOW + 200) is Written.YES
    assert await store.lead("one", 10, NOW + 150) is None


async def test_a_fact_that_is_folded_already_stops_the_whole_fold(store: Store) -> None:
    await store.commit(Change(facts=(a_fact("a"), a_fact("b"))), NOW)
    first, second = await store.unfolded(9)
    lead = await leading(store)
    await store.fold([], [first.number], lead, LATER)
    assert await store.fold([a_row()], [second.number, first.number], lead, LATER) is Written.STALE
    assert await store.projection("totals", "all") is None
    assert await store.unfolded(9) == [second]


async def test_of_folds_at_once_one_is_written(store: Store) -> None:
    await store.commit(Change(facts=tuple(a_fact(f"f{number}") for number in range(40))), NOW)
    facts = [each.number for each in await store.unfolded(99)]
    lead = await leading(store)
    answers = await asyncio.gather(*(store.fold([a_row(content=f'{{"n":{n}}}')], facts, lead, LATER) for n in range(8)))
    assert sorted(answers) == [*[Written.STALE] * 7, Written.YES]
    row = await store.projection("totals", "all")
    assert row is not None
    assert row.content == f'{{"n":{answers.index(Written.YES)}}}'


async def test_a_change_tells_which_of_its_jobs_were_not_there_before(store: Store) -> None:
    await enqueue(store, a_job("there"))
    jobs = (a_job("there"), a_job("new"), a_job("new"), a_job("in a lane", lane="L", worker="tester"))
    clockwork = a_job("tick", worker="sweep", repository_id=0)
    await store.commit(Change(enqueue=(*jobs, clockwork), facts=(a_fact("first"), a_fact("last"))), NOW)
    facts = {each.fact.id: each.fact for each in await store.unfolded(9)}
    assert facts["last"].data == {"made": {"reviewer": 1, "tester": 1}}
    assert facts["first"].data == {}


async def test_a_recorded_delivery_says_so_itself(store: Store) -> None:
    plain, in_lane = (
        Change(enqueue=(a_job("a"),), facts=(a_fact("a"),)),
        Change(enqueue=(a_job("b", lane="L"),), facts=(a_fact("b"),)),
    )
    await store.record(a_delivery("g1"), plain)
    await store.record(a_delivery("g2"), in_lane)
    assert [dict(each.fact.data) for each in await store.unfolded(9)] == [{}, {}]


async def test_folded_rows_are_there_when_the_store_is_opened_again(sql_url: str) -> None:
    async with opened(sql_url) as store:
        await store.commit(Change(facts=(a_fact("a"), a_fact("b"))), NOW)
        first, _ = await store.unfolded(9)
        await store.fold([a_row()], [first.number], await leading(store), LATER)
    async with opened(sql_url) as store:
        assert await store.projection("totals", "all") == a_row()
        assert [each.fact.id for each in await store.unfolded(9)] == ["b"]


async def leading(store: Store, holder: str = "one", now: float = NOW) -> Lead:
    lead = await store.lead(holder, 10, now)
    assert lead is not None
    return lead


def a_row(series: str = "totals", name: str = "all", *, at: float = NOW, content: str = "{}") -> Projection:
    return Projection(series, name, at, content)
