"""What pages list, and everything that is true of the store as a whole."""

from dataclasses import replace

import pytest

from forgehand.domain.facts import Trail
from forgehand.domain.jobs import Change, JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.modes import Grant, Mode
from forgehand.domain.paging import Last
from forgehand.ports.store import Recorded, Store, StoredDelivery, StoreUnavailable
from support.stores import (
    NOW,
    a_delivery,
    a_fact,
    a_job,
    a_pull,
    an_entry,
    enqueue,
    finish,
    ids,
    make_store,
    opened,
    take,
)

pytestmark = pytest.mark.anyio


async def test_deliveries_are_listed_newest_first_without_their_bodies(store: Store) -> None:
    for number in range(5):
        await store.record(a_delivery(f"g{number}", at=NOW + number), Change())
    await store.record(a_delivery("g4"), Change())
    first = await store.deliveries(2)
    assert first == [
        StoredDelivery(a_delivery("g4", at=NOW + 4, body=b""), duplicates=1),
        StoredDelivery(a_delivery("g3", at=NOW + 3, body=b"")),
    ]
    rest = await store.deliveries(10, before=Last(first[-1].delivery.received_at))
    assert [each.delivery.guid for each in rest] == ["g2", "g1", "g0"]


async def test_jobs_are_listed_newest_first_by_state_and_page(store: Store) -> None:
    await enqueue(store, *(a_job(f"job-{number}", at=NOW + number) for number in range(6)))
    await take(store, "job-5", now=NOW + 9)
    assert ids(await store.jobs(3)) == ["job-5", "job-4", "job-3"]
    assert ids(await store.jobs(3, before=Last(NOW + 3))) == ["job-2", "job-1", "job-0"]
    assert ids(await store.jobs(2, JobState.PENDING)) == ["job-4", "job-3"]
    assert ids(await store.jobs(2, JobState.PENDING, before=Last(NOW + 3))) == ["job-2", "job-1"]
    assert ids(await store.jobs(9, JobState.CLAIMED)) == ["job-5"]
    assert await store.jobs(9, JobState.FAILED) == []


async def test_a_page_that_ends_among_rows_of_one_moment_skips_none(store: Store) -> None:
    for letter in "abc":
        await store.record(a_delivery(letter), Change(enqueue=(a_job(letter),), pulls=(a_pull(ord(letter)),)))
        await store.override_entry(an_entry(letter), NOW)
    guids = [each.delivery.guid for each in await store.deliveries(9, before=Last(NOW, "c"))]
    slots = [each.slot for each in await store.entries(9, before=Last(NOW, "c"))]
    meant = [each.slot for each in await store.entries(9, EffectState.INTENDED, before=Last(NOW, "c"))]
    jobs, pending = await store.jobs(9, before=Last(NOW, "c")), await store.jobs(9, JobState.PENDING, Last(NOW, "c"))
    assert (guids, slots, meant, ids(jobs), ids(pending)) == (["b", "a"],) * 5
    for of in (None, 22):
        last = a_pull(ord("c")).last
        pulls = await store.pulls(9, still_open=True, before=last, repository_id=of)
        assert [pull.number for pull in pulls] == [ord("b"), ord("a")]


async def test_the_jobs_about_a_pull_request_are_found_newest_first(store: Store) -> None:
    about = [a_job(f"job-{number}", at=NOW + number, subject="pull/7") for number in range(3)]
    await enqueue(store, *about, a_job("other", subject="pull/8"), a_job("elsewhere", repository_id=23))
    assert ids(await store.jobs_about(22, "pull/7", 2)) == ["job-2", "job-1"]
    assert ids(await store.jobs_about(22, "pull/8", 9)) == ["other"]


async def test_what_is_remembered_by_its_beginning_is_found_in_order(store: Store) -> None:
    for guid in ("5fc1d1d0-b", "5fc1d1d0-a", "5fc1e", "6aa"):
        await store.record(a_delivery(guid), Change(enqueue=(a_job(f"{guid}-job"),)))
        await store.override_entry(an_entry(f"{guid}-slot"), NOW)
    found = await store.deliveries_like("5fc1d1d0-", 9)
    assert found == [StoredDelivery(a_delivery(f"5fc1d1d0-{end}", body=b"")) for end in "ab"]
    assert [each.delivery.guid for each in await store.deliveries_like("5fc1", 2)] == ["5fc1d1d0-a", "5fc1d1d0-b"]
    assert ids(await store.jobs_like("5fc1e", 9)) == ["5fc1e-job"]
    assert await store.jobs_like("7", 9) == []
    assert [each.slot for each in await store.entries_like("5fc1d", 9)] == ["5fc1d1d0-a-slot", "5fc1d1d0-b-slot"]
    assert await store.entries_like("5fc1%", 9) == []
    assert await store.deliveries_like("5fc1%", 9) == []


async def test_an_audit_lists_its_own_facts_newest_first_and_skips_none(store: Store) -> None:
    written = [f"effect.{state}" for state in EffectState if state not in (EffectState.INTENDED, EffectState.SENDING)]
    people = ["admin.pause", "admin.resume"]
    others = ["administration", "effect.intended", "effect.sending", "job.failed"]
    kinds_of_all = [*others, *people, *written]
    facts = [replace(a_fact(f"f{at}", at=NOW + at // 2), kind=kind) for at, kind in enumerate(kinds_of_all)]
    await store.commit(Change(facts=tuple(facts)), NOW)
    for trail, kinds in ((Trail.PEOPLE, people), (Trail.WRITES, written)):
        listed = await store.audit(trail, 9)
        assert [each.kind for each in listed] == kinds[::-1]
        paged = [await store.audit(trail, 1)]
        while paged[-1]:
            paged.append(await store.audit(trail, 1, before=Last(paged[-1][-1].at, paged[-1][-1].id)))
        assert [each for page in paged for each in page] == listed


async def test_a_job_keeps_every_field(store: Store) -> None:
    job = a_job(
        payload={"a": [1, 2.5, None, True], "text": "zero \u0000, half \ud800, whole 😀"},
        grant=Grant(Mode.APPLY, allow_push=True, operate=True, dispatch=True),
        priority=0,
        key="merge/22/main",
        revision="0123abcd",
        max_attempts=3,
        max_duration=12.5,
        delivery="g1",
        correlation="c1",
        tenant=2**40,
        repository_id=2**41,
        why="given",
    )
    await enqueue(store, job)
    assert await store.job("job-1") == job


async def test_texts_that_a_database_refuses_are_kept_readable(store: Store) -> None:
    await enqueue(store, a_job())
    await store.cancel("job-1", "file \udcff.py\0 is broken", NOW)
    job = await store.job("job-1")
    assert job is not None
    assert job.why.startswith("file ")
    assert job.why.endswith(" is broken")


async def test_the_latest_job_of_a_lane_is_the_one_that_was_made_last(store: Store) -> None:
    assert await store.latest_job("lane") is None
    await enqueue(store, a_job("job-9", lane="lane"), a_job("other", lane="another"), a_job("none"))
    await enqueue(store, a_job("job-1", lane="lane"))
    latest = await store.latest_job("lane")
    assert latest is not None
    assert (latest.id, latest.generation) == ("job-1", 2)
    assert await store.latest_job("") is None


async def test_ledger_entries_are_listed_newest_first_by_state_and_job(store: Store) -> None:
    for number in range(4):
        state = EffectState.UNKNOWN if number % 2 else EffectState.DONE
        await store.override_entry(an_entry(f"s{number}", job=f"job-{number // 2}", state=state), NOW + number)
    assert [entry.slot for entry in await store.entries(3)] == ["s3", "s2", "s1"]
    assert [entry.slot for entry in await store.entries(3, before=Last(NOW + 1))] == ["s0"]
    assert [entry.slot for entry in await store.entries(3, EffectState.UNKNOWN)] == ["s3", "s1"]
    assert [entry.slot for entry in await store.entries(3, EffectState.DONE, before=Last(NOW + 2))] == ["s0"]
    assert [entry.slot for entry in await store.entries_of("job-1")] == ["s3", "s2"]
    assert [entry.slot for entry in await store.entries_of_jobs(["job-1", "job-0", "none"])] == ["s3", "s2", "s1", "s0"]
    assert await store.entries_of_jobs([]) == []


async def test_the_first_jobs_of_a_delivery_come_oldest_first(store: Store) -> None:
    await enqueue(store, *(a_job(f"job-{n}", delivery="g1", at=NOW + n % 3) for n in range(6)))
    await enqueue(store, a_job("other", delivery="g2"))
    assert ids(await store.jobs_of("g1")) == ["job-0", "job-3", "job-1", "job-4", "job-2", "job-5"]
    assert ids(await store.jobs_of("g1", 2)) == ["job-0", "job-3"]


async def test_facts_are_listed_oldest_first_and_never_twice(store: Store) -> None:
    facts = [a_fact(f"f{n}", at=NOW + (n % 3), delivery="g1", job="job-1", repository_id=22) for n in range(6)]
    await store.commit(Change(facts=tuple(facts)), NOW)
    await store.commit(Change(facts=(a_fact("f0", at=NOW + 50, delivery="g1"), a_fact("f9", delivery="g2"))), NOW)
    oldest_first = [facts[number] for number in (0, 3, 1, 4, 2, 5)]
    assert await store.facts_of(delivery="g1") == oldest_first
    assert await store.facts_of(job="job-1", limit=2) == oldest_first[:2]
    assert await store.facts_of(job="job-2") == []
    with pytest.raises(ValueError, match="one delivery or for one job"):
        await store.facts_of()


async def test_every_commit_that_changed_something_makes_the_number_grow(store: Store) -> None:
    numbers = [await store.latest_change()]

    async def grown() -> None:
        numbers.append(await store.latest_change())
        assert numbers[-1] > numbers[-2]

    await store.record(a_delivery(), Change(enqueue=(a_job(),)))
    await grown()
    held = await take(store)
    await grown()
    await store.override_entry(an_entry(), NOW)
    await grown()
    await finish(store, held)
    await grown()


async def test_check_says_what_answers(store: Store) -> None:
    said = await store.check()
    assert said.startswith(("memory", "SQLite 3.", "PostgreSQL 1"))


async def test_a_closed_store_is_unavailable(store_url: str) -> None:
    store = make_store(store_url)
    await store.open()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.record(a_delivery(), Change())


async def test_everything_is_there_when_it_is_opened_again(sql_url: str) -> None:
    async with opened(sql_url) as store:
        await store.record(a_delivery(), Change(enqueue=(a_job(delivery="guid-1"),)))
        number = await store.latest_change()
    async with opened(sql_url) as store:
        assert await store.record(a_delivery(), Change()) is Recorded.DUPLICATE
        assert ids(await store.jobs_of("guid-1")) == ["job-1"]
        assert await store.latest_change() > number


async def test_a_bad_row_fails_alone(sql_url: str) -> None:
    import asyncio

    async with opened(sql_url) as store:
        guids = [f"g{number}" for number in range(20)]
        guids[7] = "half a character: \ud800"
        answers = await asyncio.gather(
            *(store.record(a_delivery(guid), Change()) for guid in guids), return_exceptions=True
        )
        good = [guid for number, guid in enumerate(guids) if number != 7]
        assert isinstance(answers[7], ValueError)
        assert [answer for number, answer in enumerate(answers) if number != 7] == [Recorded.NEW] * 19
        assert await store.known_guids(good) == set(good)


def test_an_address_that_is_no_store_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sqlite:///path or postgresql://…, not mysql://…"):
        make_store("mysql://localhost/x")
