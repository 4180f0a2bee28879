"""Runs that ended unheard: each is found once, history starts nothing, and what a webhook told is not told again."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.jobs import Change, Done, Job, settle
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.engine.overlooked_runs import OverlookedRuns
from forgehand.ports.github import NotPermitted
from forgehand.ports.store import Fence
from forgehand.ports.workflows import Run
from support.dispatch_world import API, RUN

pytestmark = pytest.mark.anyio

DAY = 86_400.0
DISPATCH = WorkerSpec("dispatch", "dispatch", (Trigger("workflow_run", actions=("completed",)),))
LONG = replace(RUN, status="in_progress", conclusion="")


@dataclass
class SomeRuns:
    runs: list[Run]
    page: int = 100
    closed: frozenset[int] = frozenset()
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    looked: list[int] = field(default_factory=list)

    @property
    def etag(self) -> str:
        """Of the newest, as they are now."""
        return str(self._newest)

    async def newest(self, repo: Repo, etag: str | None, known: int = 0) -> tuple[Sequence[Run], str | None] | None:
        self.asked.append((repo.full_name, etag))
        return None if etag == self.etag else (self._newest, self.etag)

    async def under_way(self, repo: Repo, etag: str | None) -> tuple[Sequence[Run], str | None] | None:
        if repo.installation in self.closed:
            self.asked.append((repo.full_name, etag))
            raise NotPermitted("actions: read is missing")
        found = [run for run in self.runs if run.status == "in_progress"]
        return None if etag == str(found) else (found, str(found))

    async def run(self, repo: Repo, run: int) -> Run | None:
        self.looked.append(run)
        return next((each for each in self.runs if each.id == run), None)

    def put(self, *runs: Run) -> None:
        """These are there, or as they are now."""
        changed = {run.id: run for run in (*self.runs, *runs)}
        self.runs = sorted(changed.values(), key=lambda run: run.id, reverse=True)

    @property
    def _newest(self) -> list[Run]:
        return self.runs[: self.page]


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


async def _looked(store: MemoryStore, runs: SomeRuns, *workers: WorkerSpec, now: float = 9.0) -> list[Job]:
    """One look, kept as a poll keeps it."""
    jobs, marks = await OverlookedRuns(runs, store, workers or (DISPATCH,)).ended(API, now)
    await store.commit(Change(enqueue=tuple(jobs), marks=marks), 9.0)
    return jobs


async def test_what_ended_before_the_first_look_is_history(store: MemoryStore) -> None:
    assert await _looked(store, SomeRuns([RUN])) == []


async def test_an_older_run_that_moves_up_where_others_were_deleted_is_history(store: MemoryStore) -> None:
    runs = SomeRuns([replace(RUN, id=number, updated_at=10.0) for number in (78, 79)])
    await _looked(store, runs)
    runs.runs = [replace(RUN, id=78, updated_at=10.0), RUN]
    assert await _looked(store, runs) == []
    runs.runs = [replace(RUN, id=80, updated_at=11.0), RUN]
    (job,) = await _looked(store, runs)
    assert job.subject == "run/80"


async def test_what_ended_longer_ago_than_jobs_are_surely_kept_is_history(store: MemoryStore) -> None:
    runs = SomeRuns([replace(RUN, id=78, updated_at=1.0)])
    await _looked(store, runs)
    runs.runs = [replace(RUN, id=number, updated_at=number * DAY) for number in (2, 4)]
    [job] = await _looked(store, runs, now=10 * DAY)
    assert job.subject == "run/4"


async def test_what_ended_while_nobody_waited_for_runs_is_history(store: MemoryStore) -> None:
    runs = SomeRuns([])
    await _looked(store, runs)
    assert await _looked(store, runs, replace(DISPATCH, enabled=False)) == []
    runs.runs = [RUN]
    assert await _looked(store, runs) == []
    later = replace(RUN, id=78, updated_at=RUN.updated_at + 1)
    runs.runs = [later, RUN]
    (job,) = await _looked(store, runs)
    assert job.subject == "run/78"


async def test_a_run_that_ended_since_is_found_once(store: MemoryStore) -> None:
    runs = SomeRuns([])
    await _looked(store, runs)
    runs.runs = [RUN]
    (job,) = await _looked(store, runs)
    assert (job.type, job.subject, job.repository_id, job.revision) == ("dispatch", "run/77", API.id, RUN.head_sha)
    assert await _looked(store, runs) == []
    assert runs.asked[-1] == ("acme/api", runs.etag)


async def test_another_attempt_of_a_run_is_found_too(store: MemoryStore) -> None:
    runs = SomeRuns([])
    await _looked(store, runs)
    runs.runs = [RUN]
    (job,) = await _looked(store, runs)
    await _done(store, job, attempt=1)
    runs.runs = [replace(RUN, attempt=2)]
    (again,) = await _looked(store, runs)
    assert again.id != job.id


async def test_a_long_run_behind_many_short_ones_is_found_when_it_ends(store: MemoryStore) -> None:
    runs = SomeRuns([LONG], page=2)
    await _looked(store, runs)
    runs.put(*(replace(RUN, id=number, updated_at=10.0) for number in (78, 79, 80)))
    assert {job.subject for job in await _looked(store, runs)} == {"run/79", "run/80"}
    runs.put(replace(LONG, status="completed", conclusion="success", updated_at=11.0))
    (job,) = await _looked(store, runs)
    assert job.subject == "run/77"
    assert await _looked(store, runs) == []


async def test_a_run_that_waits_behind_many_others_is_looked_at_until_it_ends(store: MemoryStore) -> None:
    waiting = replace(LONG, status="waiting")
    runs = SomeRuns([waiting], page=1)
    await _looked(store, runs)
    runs.put(replace(RUN, id=78, updated_at=10.0))
    await _looked(store, runs)
    assert await _looked(store, runs) == []
    assert runs.looked == [77, 77]
    runs.put(replace(RUN, updated_at=11.0))
    (job,) = await _looked(store, runs)
    assert job.subject == "run/77"
    assert await _looked(store, runs) == []
    assert runs.looked == [77, 77, 77]


async def test_an_old_run_that_is_repeated_is_found_when_it_ends(store: MemoryStore) -> None:
    runs = SomeRuns([RUN], page=1)
    runs.put(replace(RUN, id=78, updated_at=10.0))
    await _looked(store, runs)
    runs.put(replace(LONG, attempt=2))
    assert await _looked(store, runs) == []
    runs.put(replace(RUN, attempt=2, updated_at=11.0))
    (job,) = await _looked(store, runs)
    assert job.subject == "run/77"


async def test_of_very_many_runs_behind_the_list_each_has_its_turn(store: MemoryStore) -> None:
    runs = SomeRuns([replace(LONG, id=number, status="queued") for number in range(30, 0, -1)])
    await _looked(store, runs)
    runs.page = 1
    runs.put(replace(RUN, id=99, updated_at=10.0))
    for _ in range(3):
        await _looked(store, runs)
    assert sorted(runs.looked) == list(range(1, 31))


async def test_what_an_earlier_version_remembered_is_understood(store: MemoryStore) -> None:
    mark = {"etag": "old", "since": RUN.updated_at, "seen": ["77:1"]}
    await store.commit(Change(marks={f"runs:{API.id}": json.dumps(mark)}), 9.0)
    runs = SomeRuns([replace(RUN, id=78, updated_at=3.0), RUN])
    (job,) = await _looked(store, runs)
    assert job.subject == "run/78"


async def test_a_run_that_is_deleted_before_its_end_is_forgotten(store: MemoryStore) -> None:
    runs = SomeRuns([LONG])
    await _looked(store, runs)
    runs.runs = []
    for _ in range(2):
        assert await _looked(store, runs) == []
    assert runs.looked == [77]


async def test_a_run_that_a_webhook_told_of_is_not_told_again(store: MemoryStore) -> None:
    runs = SomeRuns([])
    await _looked(store, runs)
    lane = f"dispatch:{API.id}:run/77"
    told = Job("j1", "dispatch", "dispatch", API.installation, API.id, API.full_name, "run/77", 1.0, lane=lane)
    await store.commit(Change(enqueue=(told,)), 1.0)
    runs.runs = [RUN]
    assert await _looked(store, runs) == []


async def test_an_installation_that_shows_no_runs_is_asked_once(store: MemoryStore) -> None:
    runs = SomeRuns([RUN], closed=frozenset({API.installation}))
    page = OverlookedRuns(runs, store, (DISPATCH,))
    for _ in range(3):
        assert await page.ended(API, 9.0) == ([], {})
    assert len(runs.asked) == 1


async def test_nobody_looks_where_no_worker_waits_for_runs(store: MemoryStore) -> None:
    runs = SomeRuns([RUN])
    page = OverlookedRuns(runs, store, (replace(DISPATCH, enabled=False),))
    assert await page.ended(API, 9.0) == ([], {})
    assert runs.asked == []


async def _done(store: MemoryStore, job: Job, *, attempt: int) -> None:
    held = await store.claim(job.id, "here", 120, 9.0)
    assert isinstance(held, Job)
    await store.settle(settle(held, Done({"attempt": attempt}), 9.0, 0.5), Fence(held.id, held.fence), 9.0)
