"""What follows from the end of a job is there with its end, whoever ended it, or neither is."""

from collections.abc import Awaitable, Callable

import pytest

from forgehand.domain.followups import DECIDE, TARGET, lane
from forgehand.domain.jobs import JobState
from forgehand.ports.store import Store
from support.stores import NOW, a_job, enqueue, take

pytestmark = pytest.mark.anyio

LATER = NOW + 100
ENDS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "cancelled": lambda store: store.cancel("job-1", "no longer wanted", LATER),
    "its holder died": lambda store: store.release("h1", LATER),
    "its lease ran out": lambda store: store.reclaim(LATER, 0),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("type", "follows"), [("review", DECIDE), ("testing", DECIDE), (TARGET, TARGET)])
async def test_whoever_waits_for_a_job_learns_that_it_gave_up(store: Store, end: str, type: str, follows: str) -> None:
    await enqueue(store, a_job(type=type, worker=type, max_attempts=1))
    await take(store, lease=10)
    await ENDS[end](store)
    (look,) = [job for job in await store.jobs(10) if job.id != "job-1"]
    assert (look.type, look.state, look.subject, look.created_at) == (follows, JobState.PENDING, "pull/7", LATER)
    (ended,) = await store.facts_of(job="job-1")
    assert ended.data["made"] == {follows: 1}


async def test_a_job_that_is_tried_again_leaves_nothing(store: Store) -> None:
    await enqueue(store, a_job(max_attempts=2))
    await take(store, lease=10)
    await store.reclaim(LATER, 0)
    assert [job.id for job in await store.jobs(10)] == ["job-1"]


async def test_what_follows_supersedes_what_is_unfinished_in_its_lane(store: Store) -> None:
    await enqueue(store, a_job(), a_job("older", type=DECIDE, lane=lane(DECIDE, 22, 7)))
    await store.cancel("job-1", "no longer wanted", LATER)
    older = await store.job("older")
    latest = await store.latest_job(lane(DECIDE, 22, 7))
    assert older is not None
    assert latest is not None
    assert (older.state, older.why) == (JobState.SUPERSEDED, f"superseded by {latest.id}")
