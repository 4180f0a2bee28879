"""A journey as a picture: what waited, what ran, and long waits drawn narrow."""

from dataclasses import replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change, Done, Retry
from forgehand.engine.queries import Timeline, journey, timeline
from support import stories

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


async def test_a_job_waits_runs_and_writes_in_its_lane(store: MemoryStore) -> None:
    job = await stories.reviewed(store, "guid", NOW)
    told = await drawn(store, NOW + 60)
    assert [lane.job.type for lane in told.lanes] == ["plan", "review"]
    planning, review = told.lanes
    assert review.job.id == job.id
    assert [(piece.state, piece.runs) for piece in review.pieces] == [("pending", False), ("completed", True)]
    assert (round(review.waited, 3), round(review.ran, 3)) == (0.1, 1.2)
    assert review.pieces[-1].at + review.pieces[-1].width == 100
    assert [mark.state for mark in review.marks] == ["done"] * 3
    assert all(review.pieces[1].at < mark.at < 100 for mark in review.marks)
    assert planning.pieces[0].at == 0
    assert told.gaps == ()


async def test_a_long_wait_is_drawn_narrow_and_named(store: MemoryStore) -> None:
    await stories.received(store, "guid", NOW)
    job = await stories.planned(store, "guid", NOW)
    await stories.claimed(store, job.id, NOW + 86_400)
    await stories.end(store, job.id, Done(), NOW + 86_404)
    told = await drawn(store, NOW + 90_000)
    [gap] = told.gaps
    assert (gap.at, gap.seconds) == (0, 86_400)
    assert gap.width == pytest.approx(20, abs=0.1)
    assert told.end == NOW + 86_404


async def test_time_in_which_one_of_several_runs_is_no_gap(store: MemoryStore) -> None:
    await stories.received(store, "guid", NOW)
    long = await stories.planned(store, "guid", NOW)
    short, late = (replace(long, id=name, lane="") for name in ("short", "late"))
    await store.commit(Change(enqueue=(short, late)), NOW)
    for job, began in ((long, 1), (short, 5)):
        await stories.claimed(store, job.id, NOW + began)
    for job, ended in ((short, 20), (long, 60)):
        await stories.end(store, job.id, Done(), NOW + ended)
    await stories.claimed(store, late.id, NOW + 5000)
    await stories.end(store, late.id, Done(), NOW + 5010)
    told = await drawn(store, NOW + 6000)
    assert [gap.seconds for gap in told.gaps] == [4940]
    widths = {lane.job.id: sum(each.width for each in lane.pieces if each.runs) for lane in told.lanes}
    assert widths[long.id] == pytest.approx(59 / 15 * widths["short"], abs=0.01)


async def test_what_is_not_over_reaches_to_this_moment(store: MemoryStore) -> None:
    await stories.received(store, "guid", NOW)
    job = await stories.planned(store, "guid", NOW)
    pending = (await drawn(store, NOW + 5)).lanes[1]
    assert [(piece.state, piece.runs, piece.seconds) for piece in pending.pieces] == [("pending", False, 5)]
    await stories.claimed(store, job.id, NOW + 5)
    running = (await drawn(store, NOW + 8)).lanes[1]
    assert [(piece.state, piece.runs, piece.seconds) for piece in running.pieces] == [
        ("pending", False, 5),
        ("running", True, 3),
    ]


async def test_an_attempt_that_is_to_be_repeated_is_a_piece_of_its_own(store: MemoryStore) -> None:
    await stories.received(store, "guid", NOW)
    job = await stories.planned(store, "guid", NOW)
    await stories.claimed(store, job.id, NOW + 1)
    await stories.end(store, job.id, Retry("GitHub answered 502"), NOW + 2)
    await stories.claimed(store, job.id, NOW + 9)
    await stories.end(store, job.id, Done(), NOW + 10)
    told = (await drawn(store, NOW + 60)).lanes[1]
    assert [(piece.state, piece.runs) for piece in told.pieces] == [
        ("pending", True),
        ("pending", False),
        ("completed", True),
    ]


async def test_a_delivery_without_jobs_has_no_picture(store: MemoryStore) -> None:
    await store.record(Delivery("guid", "star", b"{}", NOW), Change())
    found = await journey(store, "guid")
    assert found is not None
    assert timeline(found, NOW) is None


async def drawn(store: MemoryStore, now: float) -> Timeline:
    found = await journey(store, "guid")
    assert found is not None
    told = timeline(found, now)
    assert told is not None
    return told
