from typing import Any

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change
from forgehand.domain.paging import Last
from forgehand.engine.projector import Projector
from forgehand.engine.queries import (
    HeadsTested,
    Health,
    Reviewed,
    Standing,
    failures,
    heads_tested,
    lately,
    overview,
    repositories,
    repository,
    reviewed,
    windows,
    worker,
    workers,
)
from support.stores import NOW

pytestmark = pytest.mark.anyio


async def test_an_empty_store_is_idle_and_shows_nothing_wrong() -> None:
    told = await overview(await a_store(), NOW)
    healths = {tile.name: tile.health for tile in told.tiles}
    assert healths == {
        "last event": Health.IDLE,
        "success": Health.IDLE,
        "backlog": Health.GREEN,
        "p95": Health.IDLE,
        "lag": Health.GREEN,
    }
    assert told.standing == Standing(0, 0, 0, 0, 0)
    assert (told.counts, told.lag) == ({}, 0.0)


@pytest.mark.parametrize(
    ("minutes", "health"),
    [(15, Health.GREEN), (16, Health.AMBER), (45, Health.AMBER), (46, Health.RED)],
)
async def test_the_last_event_is_judged_by_its_age(minutes: int, health: Health) -> None:
    store = await a_store(fact("delivery.received", at=NOW - minutes * 60, event="push"))
    assert (await tile(store, "last event")) == health


@pytest.mark.parametrize(
    ("completed", "failed", "health"),
    [(95, 5, Health.GREEN), (94, 6, Health.AMBER), (80, 20, Health.AMBER), (79, 21, Health.RED)],
)
async def test_success_is_judged_by_its_share_of_what_ended(completed: int, failed: int, health: Health) -> None:
    ended = [a_job_fact("completed") for _ in range(completed)] + [a_job_fact("failed") for _ in range(failed)]
    store = await a_store(*ended)
    assert (await tile(store, "success")) == health
    assert (await windows(store, 3600, 9))[0].success == completed


@pytest.mark.parametrize(("seconds", "health"), [(50, Health.GREEN), (100, Health.AMBER), (200, Health.RED)])
async def test_the_slowest_twentieth_is_judged_by_how_long_it_took(seconds: float, health: Health) -> None:
    assert (await tile(await a_store(a_job_fact("completed", age=seconds)), "p95")) == health


async def test_what_is_not_folded_yet_is_shown_as_the_lag() -> None:
    store = await a_store()
    await store.commit(Change(facts=(fact("pull.merged", at=NOW - 30),)), NOW)
    told = await overview(store, NOW)
    assert told.lag == 30.0
    assert (await tile(store, "lag")) == Health.AMBER


async def test_a_repository_tells_its_reviews_merges_and_approval_rate() -> None:
    verdicts = ["approved", "approved", "rejected"]
    judged = [
        fact("review.judged", repository_id=22, verdict=verdict, repository="acme/rocket") for verdict in verdicts
    ]
    store = await a_store(*judged, fact("pull.merged", repository_id=22), a_job_fact("completed", repository_id=22))
    told = await repository(store, 22)
    assert told is not None
    assert (told.name, told.prs_reviewed, told.prs_merged, told.prs_rejected) == ("acme/rocket", 3, 1, 1)
    assert (told.approval_rate, told.last_checked) == (66.67, NOW)
    for name in ("Acme/Rocket", ""):
        assert await reviewed(store, name) == Reviewed(3, 1, 1, 66.67, NOW)
    assert await reviewed(store, "acme/other") == Reviewed(0, 0, 0, 0.0, None)
    assert await repositories(store, 9) == (told,)
    assert await repository(store, 33) is None


async def test_the_tests_of_a_repository_tell_how_many_heads_passed_and_what_was_flaky() -> None:
    judged = [
        fact("tests.judged", repository_id=22, verdict=verdict, repository="acme/rocket")
        for verdict in ("passed", "passed", "failed")
    ]
    ended = fact("job.completed", repository_id=22, worker="testing")
    store = await a_store(*judged, fact("test.flaky", repository_id=22), ended)
    for name in ("Acme/Rocket", ""):
        assert await heads_tested(store, name) == HeadsTested(3, 2, 1, 66.67, 1, NOW)
    assert await heads_tested(store, "acme/other") == HeadsTested(0, 0, 0, 0.0, 0, None)


async def test_workers_and_failures_are_listed_newest_first() -> None:
    store = await a_store(
        fact("delivery.planned", made={"review": 2}),
        a_job_fact("failed", at=NOW - 5, why="no such branch"),
        fact("job.completed", at=NOW, worker="sweep"),
        fact("effect.unknown", at=NOW - 9, summary="comment on acme/rocket#7", slot="s"),
    )
    sweep, review = await workers(store, 9)
    assert (review.worker, review.failed, review.under_way, review.success) == ("review", 1, 1, 0.0)
    assert (sweep.worker, sweep.completed, sweep.success, sweep.last) == ("sweep", 1, 100.0, "completed")
    [window] = await windows(store, 900, 9, scope="workers/sweep")
    assert (window.completed, window.success) == (1, 100.0)
    assert [(each.kind, each.why) for each in await failures(store, 9)] == [
        ("job.failed", "no such branch"),
        ("effect.unknown", "comment on acme/rocket#7"),
    ]
    assert [each.kind for each in await failures(store, 9, before=Last(NOW - 5))] == ["effect.unknown"]


async def test_an_hour_that_has_just_begun_does_not_hide_how_the_work_went() -> None:
    begun = NOW // 3600 * 3600
    store = await a_store(a_job_fact("completed", at=begun - 9, age=3.0), fact("delivery.received", at=begun))
    assert (await tile(store, "success"), await tile(store, "p95")) == (Health.GREEN, Health.GREEN)


async def test_lately_are_the_windows_up_to_now_in_which_something_happened() -> None:
    at = [NOW, NOW - 300, NOW - 900, NOW - 1500]
    store = await a_store(*(fact("delivery.received", at=each) for each in at))
    shown = await lately(store, 300, 4, NOW)
    assert [each.start for each in shown] == [each // 300 * 300 for each in at[:3]]


async def test_a_window_tells_jobs_by_how_they_ended() -> None:
    ends = ["completed", "failed", "dead_letter", "refused", "superseded", "cancelled"]
    [shown] = await lately(await a_store(*map(a_job_fact, ends)), 300, 1, NOW)
    assert (shown.completed, shown.failed, shown.refused, shown.set_aside, shown.success) == (1, 2, 1, 2, 33.33)


async def test_one_worker_is_read_by_its_name() -> None:
    store = await a_store(a_job_fact("completed"))
    assert await workers(store, 9) == (await worker(store, "review"),)
    assert await worker(store, "nobody") is None


async def tile(store: MemoryStore, name: str) -> Health:
    return next(tile.health for tile in (await overview(store, NOW)).tiles if tile.name == name)


async def a_store(*facts: Fact) -> MemoryStore:
    """With these facts, folded."""
    store = MemoryStore()
    await store.open()
    named = tuple(Fact(str(n), f.kind, f.at, f.delivery, f.job, f.repository_id, f.data) for n, f in enumerate(facts))
    await store.commit(Change(facts=named), NOW)
    await Projector(store, lambda: NOW, holder="test").once()
    return store


def fact(kind: str, *, at: float = NOW, repository_id: int | None = None, **data: Any) -> Fact:
    return Fact("", kind, at, repository_id=repository_id, data=data)


def a_job_fact(state: str, *, at: float = NOW, repository_id: int = 22, **data: Any) -> Fact:
    return fact(f"job.{state}", at=at, repository_id=repository_id, worker="review", **data)
