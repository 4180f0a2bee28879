"""The ledger: written only by who holds the job, and only over what was read."""

import asyncio
from dataclasses import replace

import pytest

from forgehand.domain.ledger import EffectState
from forgehand.ports.store import Fence, Store, Written
from support.stores import NOW, a_fact, a_job, an_entry, enqueue, fence_of, stored, take

pytestmark = pytest.mark.anyio


async def test_an_entry_is_read_back_as_written_one_version_higher(store: Store) -> None:
    await enqueue(store, a_job())
    fence = fence_of(await take(store))
    entry = an_entry(content={"body": "Looks good – 👍"}, delivery="g1", fence=1, sent_at=NOW, remote_id="5", why="x")
    assert await store.write_entry(entry, fence, NOW, facts=(a_fact(job="job-1"),)) is Written.YES
    assert await store.entry("slot-1") == stored(entry)
    assert await store.facts_of(job="job-1") == [a_fact(job="job-1")]
    assert await store.entry("another slot") is None


async def test_an_entry_that_changed_since_it_was_read_is_stale(store: Store) -> None:
    await enqueue(store, a_job())
    fence = fence_of(await take(store))
    await store.write_entry(an_entry(), fence, NOW)
    sending = replace(an_entry(), state=EffectState.SENDING, version=1)
    assert await store.write_entry(sending, fence, NOW + 1) is Written.YES
    late = replace(an_entry(), state=EffectState.REFUSED, version=1)
    assert await store.write_entry(late, fence, NOW + 2, facts=(a_fact(job="job-1"),)) is Written.STALE
    assert await store.write_entry(an_entry(), fence, NOW + 2) is Written.STALE
    assert await store.write_entry(an_entry("unseen", version=3), fence, NOW) is Written.STALE
    assert await store.entry("slot-1") == stored(sending, NOW + 1)
    assert await store.facts_of(job="job-1") == []


async def test_of_two_writers_of_a_new_slot_one_wins(store: Store) -> None:
    await enqueue(store, a_job("a"), a_job("b"))
    fences = [fence_of(await take(store, job_id)) for job_id in ("a", "b")]
    answers = await asyncio.gather(*(store.write_entry(an_entry(job=f.job), f, NOW) for f in fences))
    assert sorted(answers) == [Written.STALE, Written.YES]


async def test_without_the_fence_nothing_is_written(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store, lease=10)
    await store.reclaim(NOW + 11, 0)
    facts = (a_fact("late", job="job-1"),)
    assert await store.write_entry(an_entry(), fence_of(held), NOW, facts=facts) is Written.FENCE_LOST
    assert await store.write_entry(an_entry(), Fence("never was", 1), NOW) is Written.FENCE_LOST
    assert await store.entry("slot-1") is None
    assert "late" not in [fact.id for fact in await store.facts_of(job="job-1")]


async def test_a_lease_that_ends_too_soon_writes_nothing(store: Store) -> None:
    await enqueue(store, a_job())
    fence = fence_of(await take(store, lease=30))
    assert await store.write_entry(an_entry(), fence, NOW + 10, lease_beyond=20) is Written.FENCE_LOST
    assert await store.write_entry(an_entry(), fence, NOW + 31) is Written.FENCE_LOST
    assert await store.write_entry(an_entry(), fence, NOW + 10, lease_beyond=19) is Written.YES


async def test_a_person_overrides_without_a_job_but_not_over_a_newer_row(store: Store) -> None:
    unknown = an_entry(state=EffectState.UNKNOWN)
    assert await store.override_entry(unknown, NOW) is Written.YES
    decided = replace(unknown, state=EffectState.DONE, version=1, why="octocat says it happened")
    assert await store.override_entry(decided, NOW + 1, (a_fact(job="job-1"),)) is Written.YES
    assert await store.override_entry(decided, NOW + 1) is Written.STALE
    assert await store.entry("slot-1") == stored(decided, NOW + 1)
    assert await store.facts_of(job="job-1") == [a_fact(job="job-1")]
