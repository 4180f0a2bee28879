import time
from collections.abc import AsyncIterator

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.wakeups import InProcessWakeups
from forgehand.assembly.at_once import run_to_its_end
from forgehand.domain.jobs import Change, Done, Job, JobState, Outcome, Retry
from forgehand.engine.gate import Gate
from forgehand.engine.runner import Runner
from forgehand.ports.store import Unclaimed
from support.engine import Scripted, a_job

pytestmark = pytest.mark.anyio
CUT_OFF = Retry("GitHub did not answer", after=0.0)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    await store.commit(Change(enqueue=(a_job(),)), time.time())
    yield store
    await store.close()


def runner(store: MemoryStore, *outcomes: Outcome) -> Runner:
    return Runner(
        store,
        InProcessWakeups(),
        {"review": Scripted([*outcomes])},
        Gate(store, {}, time.time),
        grants={},
        holder="here",
        clock=time.time,
        jitter=lambda: 0.5,
    )


@pytest.mark.parametrize(
    ("outcomes", "ends"),
    [
        ([Done()], (JobState.COMPLETED, 1)),
        ([CUT_OFF, CUT_OFF, Done()], (JobState.COMPLETED, 3)),
        ([CUT_OFF, Retry("writes are limited", after=60), Done()], (JobState.PENDING, 2)),
    ],
)
async def test_what_has_to_wait_a_moment_is_tried_again_and_what_has_to_wait_longer_is_left(
    store: MemoryStore, outcomes: list[Outcome], ends: tuple[JobState, int]
) -> None:
    job = await run_to_its_end(runner(store, *outcomes), store, "job")
    assert isinstance(job, Job)
    assert (job.state, job.attempts) == ends


async def test_what_somebody_else_ended_meanwhile_is_told_as_it_ended(store: MemoryStore) -> None:
    claim = store.claim

    async def after_the_first(job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
        known = await store.job(job_id)
        if known and known.attempts:
            await store.cancel(job_id, "no longer wanted", now)
        return await claim(job_id, holder, lease, now)

    store.claim = after_the_first  # type: ignore[method-assign]
    job = await run_to_its_end(runner(store, CUT_OFF), store, "job")
    assert isinstance(job, Job)
    assert (job.state, job.why) == (JobState.CANCELLED, "no longer wanted")
    assert await run_to_its_end(runner(store), store, "nobody") is Unclaimed.GONE
