"""Lanes: the newest job wins. Keys: one at a time."""

from dataclasses import replace

import pytest

from forgehand.domain.jobs import Change, Done, JobState, Retry, Waiting, settle
from forgehand.ports.store import Store, Unclaimed, Written
from support.stores import NOW, a_job, enqueue, fence_of, finish, ids, take

pytestmark = pytest.mark.anyio


async def test_a_new_job_supersedes_every_unfinished_job_of_its_lane(store: Store) -> None:
    await enqueue(store, a_job("done", lane="L"))
    await finish(store, await take(store, "done"))
    await enqueue(store, a_job("held", lane="L"))
    held = await take(store, "held")
    await enqueue(store, a_job("elsewhere", lane="M"))
    await enqueue(store, a_job("new", lane="L", revision="abc1234"), now=NOW + 5)
    ended = await store.job("held")
    assert ended is not None
    assert (ended.state, ended.why, ended.ended_at) == ("superseded", "superseded by new at abc1234", NOW + 5)
    assert (ended.holder, ended.fence) == (None, held.fence + 1)
    assert await finish(store, held) is Written.FENCE_LOST
    states = {job.id: job.state for job in await store.jobs(10)}
    assert states == {"done": "completed", "held": "superseded", "elsewhere": "pending", "new": "pending"}
    assert "job.superseded" in [fact.kind for fact in await store.facts_of(job="held")]


async def test_pending_and_waiting_jobs_of_a_lane_are_superseded_too(store: Store) -> None:
    await enqueue(store, a_job("waits", lane="L"))
    await finish(store, await take(store, "waits"), Waiting("approval"))
    await enqueue(store, a_job("pending", lane="L"))
    await enqueue(store, a_job("new", lane="L"))
    states = {job.id: (job.state, job.waiting_for) for job in await store.jobs(10)}
    assert states == {"waits": ("superseded", ""), "pending": ("superseded", ""), "new": ("pending", "")}


async def test_a_lane_numbers_its_jobs(store: Store) -> None:
    for number in (1, 2, 3):
        await enqueue(store, a_job(f"job-{number}", lane="L"))
    await enqueue(store, a_job("other", lane="M"), a_job("none"))
    generations = {job.id: job.generation for job in await store.jobs(10)}
    assert generations == {"job-1": 1, "job-2": 2, "job-3": 3, "other": 1, "none": 0}


async def test_a_job_that_exists_is_not_made_again_and_supersedes_nothing(store: Store) -> None:
    await enqueue(store, a_job("a", lane="L"))
    await enqueue(store, a_job("b", lane="L"))
    await enqueue(store, a_job("a", lane="L", priority=9))
    states = {job.id: (job.state, job.priority, job.generation) for job in await store.jobs(10)}
    assert states == {"a": ("superseded", 5, 1), "b": ("pending", 5, 2)}
    await enqueue(store, a_job("plain"))
    await take(store, "plain")
    await enqueue(store, a_job("plain"))
    plain = await store.job("plain")
    assert plain is not None
    assert plain.state is JobState.CLAIMED


async def test_settling_may_supersede_in_the_same_commit(store: Store) -> None:
    await enqueue(store, a_job("review", lane="L", key="K"), a_job("plan"))
    await take(store, "review")
    plan = await take(store, "plan")
    change = replace(settle(plan, Done(), NOW, 0.5), enqueue=(a_job("newer", lane="L", key="K"),))
    assert await store.settle(change, fence_of(plan), NOW) is Written.YES
    review = await store.job("review")
    assert review is not None
    assert review.state is JobState.SUPERSEDED
    assert (await take(store, "newer")).generation == 2


async def test_jobs_that_share_a_key_run_one_at_a_time(store: Store) -> None:
    await enqueue(store, a_job("a", key="K", priority=9), a_job("b", key="K"), a_job("c", key="other"), a_job("d"))
    claimed = await store.claim_due("h1", 60, NOW, 10)
    assert ids(claimed) == ["a", "c", "d"]
    assert await store.claim("b", "h2", 60, NOW) is Unclaimed.HELD
    assert await store.claim_due("h2", 60, NOW, 10) == []
    assert await finish(store, claimed[0]) is Written.YES
    assert ids(await store.claim_due("h2", 60, NOW, 10)) == ["b"]


async def test_a_limit_is_filled_past_jobs_whose_key_is_taken(store: Store) -> None:
    await enqueue(store, *(a_job(f"a{number}", key="K") for number in range(5)), a_job("b"), a_job("c"))
    assert ids(await store.claim_due("h1", 60, NOW, 3)) == ["a0", "b", "c"]


@pytest.mark.parametrize("outcome", [Retry("later"), Waiting("approval"), Done()])
async def test_a_settled_job_frees_its_key(store: Store, outcome: Retry | Waiting | Done) -> None:
    await enqueue(store, a_job("a", key="K"), a_job("b", key="K"))
    await finish(store, await take(store, "a"), outcome)
    assert (await take(store, "b")).id == "b"


async def test_a_key_dies_with_the_lease_of_its_holder(store: Store) -> None:
    await enqueue(store, a_job("a", key="K"), a_job("b", key="K"))
    lost = await take(store, "a", lease=10)
    await store.reclaim(NOW + 11, 0)
    await take(store, "b")
    assert await store.claim("a", "h1", 60, NOW) is Unclaimed.HELD
    assert await finish(store, lost) is Written.FENCE_LOST
    assert await store.claim("a", "h1", 60, NOW) is Unclaimed.HELD


async def test_cancelling_and_releasing_free_the_key(store: Store) -> None:
    await enqueue(store, a_job("a", key="K"), a_job("b", key="K"), a_job("c", key="K"))
    await take(store, "a")
    await store.cancel("a", "no longer wanted", NOW)
    await take(store, "b", holder="dead")
    await store.release("dead", NOW)
    assert (await take(store, "c")).id == "c"


async def test_cancelling_a_waiting_claimer_leaves_the_key_with_its_holder(store: Store) -> None:
    await enqueue(store, a_job("a", key="K"), a_job("b", key="K"), a_job("c", key="K"))
    await take(store, "a")
    await store.cancel("b", "no longer wanted", NOW)
    assert await store.claim("c", "h2", 60, NOW) is Unclaimed.HELD


async def test_a_change_makes_jobs_in_order(store: Store) -> None:
    await store.commit(Change(enqueue=(a_job("a", lane="L"), a_job("b", lane="L"), a_job("b", lane="L"))), NOW)
    states = {job.id: (job.state, job.generation) for job in await store.jobs(10)}
    assert states == {"a": ("superseded", 1), "b": ("pending", 2)}
