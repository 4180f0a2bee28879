"""What may happen only once, however many jobs try: the fact that says so decides, with all that belongs to it."""

import asyncio
from dataclasses import replace

import pytest

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Done, Job, JobState, settle
from forgehand.ports.store import Fence, Store, Written
from support.stores import NOW, a_job, enqueue, fence_of, finish, opened, take

pytestmark = pytest.mark.anyio

TAKEN = Fact("command-5", "command.taken", NOW, data={"by": "octocat"})


def obeyed(by: str) -> Done:
    """One job's obeying, with all that follows from it."""
    follow_up = a_job(f"after-{by}")
    return Done({"by": by}, jobs=(follow_up,), facts=(TAKEN,), marks={"by": by}, documents={"by": "{}"}, once=TAKEN.id)


async def state(store: Store, job_id: str) -> JobState | None:
    job = await store.job(job_id)
    return job and job.state


async def test_the_first_does_it_and_of_the_second_nothing_is_written(store: Store) -> None:
    await enqueue(store, a_job("job-1"), a_job("job-2"))
    first, second = await take(store, "job-1"), await take(store, "job-2")
    assert await finish(store, first, obeyed("one")) is Written.YES
    assert await finish(store, second, obeyed("two")) is Written.TAKEN
    assert (await state(store, "job-1"), await state(store, "job-2")) == (JobState.COMPLETED, JobState.CLAIMED)
    assert (await state(store, "after-one"), await state(store, "after-two")) == (JobState.PENDING, None)
    assert await store.mark("by") == "one"
    assert [fact.kind for fact in await store.facts_of(job="job-2")] == []
    # The second still holds its job, and ends it otherwise.
    assert await finish(store, second, Done({"skipped": True})) is Written.YES


async def test_who_lost_the_fence_takes_nothing(store: Store) -> None:
    await enqueue(store, a_job("job-1"), a_job("job-2"))
    lost, second = await take(store, "job-1"), await take(store, "job-2")
    change = settle(lost, obeyed("one"), NOW, 0.5)
    assert await store.settle(change, Fence("job-1", lost.fence + 1), NOW) is Written.FENCE_LOST
    assert await finish(store, second, obeyed("two")) is Written.YES


async def test_a_fact_that_is_not_among_its_own_is_refused(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    with pytest.raises(ValueError, match="no fact nothing that could be made once"):
        await finish(store, held, replace(obeyed("one"), once="nothing"))
    assert await state(store, "job-1") is JobState.CLAIMED


async def test_only_a_held_job_may_do_what_happens_once(store: Store) -> None:
    with pytest.raises(ValueError, match="settled under its fence"):
        await store.commit(Change(facts=(TAKEN,), once=TAKEN.id), NOW)


async def test_two_processes_that_try_at_once_do_it_once(sql_url: str) -> None:
    async with opened(sql_url) as here, opened(sql_url) as there:
        numbers = range(20)
        await enqueue(here, *(a_job(f"{side}-{number}") for side in ("here", "there") for number in numbers))
        for number in numbers:
            fact = replace(TAKEN, id=f"command-{number}")
            done = replace(obeyed("one"), jobs=(), facts=(fact,), once=fact.id)
            held: list[tuple[Store, Job]] = [
                (here, await take(here, f"here-{number}")),
                (there, await take(there, f"there-{number}")),
            ]
            settled = [store.settle(settle(job, done, NOW, 0.5), fence_of(job), NOW) for store, job in held]
            assert sorted(await asyncio.gather(*settled)) == [Written.TAKEN, Written.YES]
