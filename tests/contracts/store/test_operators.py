"""What people do to jobs: cancel, retry, pause, resume, wake. And the small values: marks and secrets."""

import asyncio

import pytest

from forgehand.domain.jobs import Change, Failed, JobState, Waiting
from forgehand.ports.store import Pause, Store, Written
from support.stores import NOW, a_job, enqueue, finish, ids, take

pytestmark = pytest.mark.anyio


async def test_cancelling_ends_an_unfinished_job_and_its_holder_loses_it(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    assert await store.cancel("job-1", "asked by octocat", NOW + 2)
    job = await store.job("job-1")
    assert job is not None
    assert (job.state, job.why, job.ended_at, job.holder) == ("cancelled", "asked by octocat", NOW + 2, None)
    assert await finish(store, held) is Written.FENCE_LOST
    assert [fact.kind for fact in await store.facts_of(job="job-1")] == ["job.cancelled"]


async def test_what_ended_or_never_was_cannot_be_cancelled(store: Store) -> None:
    await enqueue(store, a_job())
    await finish(store, await take(store))
    assert not await store.cancel("job-1", "late", NOW)
    assert not await store.cancel("never was", "why", NOW)


async def test_retrying_makes_an_ended_job_pending_with_fresh_attempts(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    await finish(store, held, Failed("no such branch"))
    assert await store.retry("job-1", NOW + 60)
    job = await store.job("job-1")
    assert job is not None
    assert (job.state, job.attempts, job.why, job.ended_at, job.run_at) == ("pending", 0, "", None, NOW + 60)
    again = await take(store, now=NOW + 60)
    assert (again.attempts, again.fence) == (1, held.fence + 1)


async def test_retrying_wakes_a_waiting_job_and_refuses_an_unfinished_one(store: Store) -> None:
    await enqueue(store, a_job())
    assert not await store.retry("job-1", NOW)
    held = await take(store)
    assert not await store.retry("job-1", NOW)
    await finish(store, held, Waiting("approval"))
    assert await store.retry("job-1", NOW)
    job = await store.job("job-1")
    assert job is not None
    assert (job.state, job.waiting_for) == (JobState.PENDING, "")
    assert not await store.retry("never was", NOW)


async def test_waking_gives_only_those_that_wait_for_it(store: Store) -> None:
    await enqueue(store, a_job("a"), a_job("b"), a_job("c"))
    for job_id, for_ in (("a", "approval"), ("b", "resume"), ("c", "approval")):
        await finish(store, await take(store, job_id), Waiting(for_, "needs a person"))
    assert await store.next_due() is None
    assert sorted(await store.wake("approval", NOW + 3)) == ["a", "c"]
    assert ids(await store.claim_due("h1", 60, NOW + 3, 5)) == ["a", "c"]
    assert await store.wake("approval", NOW) == []


async def test_a_pause_is_kept_until_resume_which_wakes_what_waits_for_it(store: Store) -> None:
    assert await store.paused() is None
    await store.pause(Pause(by="octocat", why="GitHub is down", since=NOW))
    again = Pause(by="hubot", why="still down", since=NOW + 5)
    await store.pause(again)
    assert await store.paused() == again
    await enqueue(store, a_job())
    await finish(store, await take(store), Waiting("resume"))
    assert await store.resume(NOW + 9) == ["job-1"]
    assert await store.paused() is None
    assert await store.resume(NOW + 9) == []


async def test_the_last_mark_wins(store: Store) -> None:
    assert await store.mark("poll/acme/rocket") is None
    await store.commit(Change(marks={"poll/acme/rocket": "1", "other": "x"}), NOW)
    await store.commit(Change(marks={"poll/acme/rocket": "2"}), NOW)
    assert await store.mark("poll/acme/rocket") == "2"
    assert await store.mark("other") == "x"


async def test_a_secret_is_there_until_it_expires(store: Store) -> None:
    assert await store.get_secret("token/11", NOW) is None
    await store.put_secret("token/11", b"\x00first", NOW + 10)
    await store.put_secret("token/11", b"\x00second\xff", NOW + 60)
    assert await store.get_secret("token/11", NOW + 59) == b"\x00second\xff"
    assert await store.get_secret("token/11", NOW + 60) is None


async def test_a_secret_is_taken_by_one_of_many_and_not_after_it_expired(store: Store) -> None:
    await store.put_secret("link", b"octocat", NOW + 10)
    taken = await asyncio.gather(*(store.take_secret("link", NOW + 9) for _ in range(5)))
    assert (taken.count(b"octocat"), taken.count(None)) == (1, 4)
    assert await store.get_secret("link", NOW + 9) is None
    await store.put_secret("link", b"octocat", NOW + 10)
    assert await store.take_secret("link", NOW + 10) is None
