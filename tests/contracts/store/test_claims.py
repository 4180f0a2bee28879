"""Claims, leases and fences: at most one holder, and only the present one can write."""

import asyncio
from dataclasses import replace

import pytest

from forgehand.domain.jobs import Change, Done, Failed, Job, JobState, Retry, Waiting, settle
from forgehand.ports.store import Fence, Store, Unclaimed, Written
from support.stores import NOW, a_fact, a_job, enqueue, fence_of, finish, ids, take

pytestmark = pytest.mark.anyio


async def test_a_claim_gives_the_job_with_a_higher_fence_and_attempt_and_a_lease(store: Store) -> None:
    job = a_job(payload={"number": 7, "nested": {"list": [1, "ü"]}}, priority=7, correlation="c")
    await enqueue(store, job)
    claimed = await take(store, lease=30, now=NOW + 1)
    assert claimed == replace(
        job,
        state=JobState.CLAIMED,
        attempts=1,
        fence=1,
        holder="h1",
        lease_until=NOW + 31,
        started_at=NOW + 1,
    )
    assert await store.job(job.id) == claimed


async def test_what_cannot_be_claimed_says_why(store: Store) -> None:
    await enqueue(store, a_job("held"), a_job("ended"), a_job("waits"))
    await take(store, "held")
    await finish(store, await take(store, "ended"))
    await finish(store, await take(store, "waits"), Waiting("resume"))
    answers = [await store.claim(job_id, "h2", 60, NOW) for job_id in ("held", "ended", "waits", "never was")]
    assert answers == [Unclaimed.BUSY, Unclaimed.GONE, Unclaimed.GONE, Unclaimed.GONE]


async def test_a_named_job_is_claimed_even_before_it_is_due(store: Store) -> None:
    await enqueue(store, a_job(run_at=NOW + 1000))
    assert await store.claim_due("h1", 60, NOW, 5) == []
    assert (await take(store)).state is JobState.CLAIMED


async def test_due_jobs_come_highest_priority_first_then_longest_due(store: Store) -> None:
    await enqueue(
        store,
        a_job("later", at=NOW - 1),
        a_job("first", priority=9),
        a_job("earlier", at=NOW - 5),
        a_job("last", priority=0, at=NOW - 100),
        a_job("not yet", priority=9, run_at=NOW + 0.5),
        a_job("retried", at=NOW - 200, run_at=NOW - 3),
    )
    assert ids(await store.claim_due("h1", 60, NOW, 3)) == ["first", "earlier", "retried"]
    assert ids(await store.claim_due("h1", 60, NOW, 10)) == ["later", "last"]
    assert await store.claim_due("h1", 60, NOW, 10) == []
    assert ids(await store.claim_due("h1", 60, NOW + 1, 10)) == ["not yet"]


async def test_concurrent_claimers_share_the_jobs_and_never_one_job(store: Store) -> None:
    await enqueue(store, *(a_job(f"job-{number}") for number in range(60)))
    rounds = await asyncio.gather(*(store.claim_due(f"h{n}", 60, NOW, 4) for n in range(20)))
    rounds += await asyncio.gather(*(store.claim_due(f"h{n}", 60, NOW, 60) for n in range(3)))
    claimed = [job.id for jobs in rounds for job in jobs]
    assert sorted(claimed) == sorted(f"job-{number}" for number in range(60))


async def test_renewing_extends_the_lease_and_shows_the_job_as_running(store: Store) -> None:
    await enqueue(store, a_job())
    claimed = await take(store, lease=10)
    assert await store.renew(fence_of(claimed), 10, NOW + 8)
    running = await store.job(claimed.id)
    assert running == replace(claimed, state=JobState.RUNNING, lease_until=NOW + 18)
    assert await store.reclaim(NOW + 17, 0) == []


async def test_a_lease_that_ran_out_returns_the_job_after_the_grace(store: Store) -> None:
    await enqueue(store, a_job())
    claimed = await take(store, lease=10)
    assert await store.reclaim(NOW + 14, 5) == []
    reclaimed = await store.reclaim(NOW + 15.5, 5)
    assert [(job.id, job.state, job.holder, job.attempts) for job in reclaimed] == [("job-1", "pending", None, 1)]
    assert await store.job("job-1") == reclaimed[0]
    assert [fact.kind for fact in await store.facts_of(job="job-1")] == ["job.pending"]
    again = await take(store, holder="h2", now=NOW + 16)
    assert (again.fence, again.attempts) == (claimed.fence + 1, 2)


async def test_a_lost_fence_writes_nothing(store: Store) -> None:
    await enqueue(store, a_job())
    old = await take(store, lease=10)
    await store.reclaim(NOW + 11, 0)
    await _nothing_can_be_written(store, old)
    new = await take(store, holder="h2", now=NOW + 12)
    await _nothing_can_be_written(store, old)
    assert await store.job("job-1") == new


async def test_only_the_exact_number_is_a_fence(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    assert not await store.renew(Fence("job-1", held.fence + 1), 60, NOW)
    assert not await store.renew(Fence("job-1", 0), 60, NOW)
    assert not await store.renew(Fence("never was", 1), 60, NOW)


async def test_settling_commits_state_jobs_facts_and_marks_together(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    change = settle(held, Done({"comments": 2}), NOW + 3, 0.5)
    change = replace(change, enqueue=(a_job("next"),), marks={"cursor": "2"})
    assert await store.settle(change, fence_of(held), NOW + 3) is Written.YES
    ended = await store.job("job-1")
    assert ended is not None
    assert (ended.state, ended.result, ended.ended_at, ended.holder) == ("completed", {"comments": 2}, NOW + 3, None)
    assert await store.job("next") == a_job("next")
    assert await store.mark("cursor") == "2"
    assert [fact.kind for fact in await store.facts_of(job="job-1")] == ["job.completed"]


async def test_a_settled_job_cannot_be_settled_again(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    assert await finish(store, held) is Written.YES
    assert await finish(store, held, Failed("late")) is Written.FENCE_LOST
    assert not await store.renew(fence_of(held), 60, NOW)


async def test_a_step_in_the_middle_keeps_the_hold_and_the_renewed_lease(store: Store) -> None:
    await enqueue(store, a_job(key="one at a time"), a_job("other", key="one at a time"))
    held = await take(store, lease=10)
    assert await store.renew(fence_of(held), 10, NOW + 5)
    step = Change(job=replace(held, payload={"cursor": 15}), enqueue=(a_job("page-1"),))
    assert await store.settle(step, fence_of(held), NOW + 6) is Written.YES
    after = await store.job("job-1")
    assert after is not None
    assert (after.payload, after.lease_until, after.holder) == ({"cursor": 15}, NOW + 15, "h1")
    assert await store.claim("other", "h2", 60, NOW) is Unclaimed.HELD
    assert await finish(store, after) is Written.YES


async def test_a_change_without_a_job_is_committed_under_a_fence_and_keeps_the_hold(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    assert await store.settle(Change(marks={"m": "1"}), fence_of(held), NOW) is Written.YES
    assert await store.settle(Change(marks={"m": "2"}), Fence("job-1", 9), NOW) is Written.FENCE_LOST
    assert await store.mark("m") == "1"
    assert await store.job("job-1") == held


async def test_a_fence_settles_no_job_but_its_own(store: Store) -> None:
    await enqueue(store, a_job(), a_job("other"))
    held, other = await take(store), await take(store, "other")
    with pytest.raises(ValueError, match="cannot settle job other"):
        await store.settle(settle(other, Done(), NOW, 0.5), fence_of(held), NOW)
    with pytest.raises(ValueError, match="settled under its fence"):
        await store.commit(settle(held, Done(), NOW, 0.5), NOW)


async def test_a_retry_is_due_later_and_only_then(store: Store) -> None:
    await enqueue(store, a_job())
    await finish(store, await take(store), Retry("GitHub said 502", after=30), now=NOW + 1)
    job = await store.job("job-1")
    assert job is not None
    assert (job.state, job.why, job.run_at) == ("pending", "GitHub said 502", NOW + 31)
    assert await store.next_due() == NOW + 31
    assert await store.claim_due("h1", 60, NOW + 30, 1) == []
    assert ids(await store.claim_due("h1", 60, NOW + 31, 1)) == ["job-1"]


async def test_a_reclaimed_job_whose_attempts_are_used_up_is_a_dead_letter_that_says_why(store: Store) -> None:
    await enqueue(store, a_job(max_attempts=2))
    for attempt in (1, 2):
        await take(store, lease=10, now=NOW + 20 * attempt)
        reclaimed = await store.reclaim(NOW + 20 * attempt + 11, 0)
    assert [(job.state, job.why, job.ended_at) for job in reclaimed] == [
        ("dead_letter", "gave up after 2 attempts: its lease ran out", NOW + 51)
    ]
    assert [fact.kind for fact in await store.facts_of(job="job-1")] == ["job.pending", "job.dead_letter"]


async def test_the_jobs_of_a_dead_holder_are_released_at_once(store: Store) -> None:
    await enqueue(store, a_job("a"), a_job("b", type="deployment", max_attempts=1), a_job("c"))
    for job_id, holder in (("a", "dead"), ("b", "dead"), ("c", "alive")):
        await take(store, job_id, holder=holder)
    assert await store.holders() == {"dead", "alive"}
    released = await store.release("dead", NOW + 1)
    assert [(job.id, job.state) for job in released] == [("a", "pending"), ("b", "dead_letter")]
    states = {job.id: job.state for job in await store.jobs(10)}
    assert states == {"a": "pending", "b": "dead_letter", "c": "claimed"}
    assert await store.holders() == {"alive"}
    assert await store.release("dead", NOW + 1) == []


async def test_a_claimer_with_a_slow_clock_cannot_take_what_is_held(store: Store) -> None:
    await enqueue(store, a_job())
    await take(store, lease=30, now=NOW)
    assert await store.claim("job-1", "slow", 30, NOW - 300) is Unclaimed.BUSY
    assert await store.claim_due("slow", 30, NOW - 300, 1) == []


async def test_a_reclaimer_with_a_fast_clock_is_held_back_by_the_grace(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store, lease=30, now=NOW)
    assert await store.reclaim(NOW + 20 + 25, 60) == []
    assert await store.renew(fence_of(held), 30, NOW + 20)


async def test_a_holder_with_a_slow_clock_loses_its_job_but_never_writes_beside_the_next(store: Store) -> None:
    await enqueue(store, a_job())
    slow = await take(store, holder="slow", lease=30, now=NOW - 300)
    assert ids(await store.reclaim(NOW, 60)) == ["job-1"]
    next_ = await take(store, holder="h2", now=NOW)
    await _nothing_can_be_written(store, slow)
    assert await finish(store, next_) is Written.YES


async def test_next_due_is_the_earliest_pending_job_of_any_priority(store: Store) -> None:
    assert await store.next_due() is None
    await enqueue(store, a_job("a", run_at=NOW + 50, priority=9), a_job("b", run_at=NOW + 20, priority=1))
    assert await store.next_due() == NOW + 20
    await take(store, "b")
    assert await store.next_due() == NOW + 50


async def test_next_due_passes_over_what_was_due_before(store: Store) -> None:
    await enqueue(store, a_job("a", run_at=NOW + 50, priority=9), a_job("b", run_at=NOW + 20, priority=1))
    assert [await store.next_due(after=NOW + after) for after in (19, 20, 49, 50)] == [
        NOW + 20,
        NOW + 50,
        NOW + 50,
        None,
    ]


async def _nothing_can_be_written(store: Store, holder: Job) -> None:
    before = await store.job(holder.id)
    assert not await store.renew(fence_of(holder), 60, NOW)
    change = replace(settle(holder, Done(), NOW, 0.5), enqueue=(a_job("ghost"),), marks={"ghost": "1"})
    change = replace(change, facts=(*change.facts, a_fact("ghost", job=holder.id)))
    assert await store.settle(change, fence_of(holder), NOW) is Written.FENCE_LOST
    assert await store.job(holder.id) == before
    assert await store.job("ghost") is None
    assert await store.mark("ghost") is None
    assert "ghost" not in [fact.id for fact in await store.facts_of(job=holder.id)]
