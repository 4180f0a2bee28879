import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.wakeups import InProcessWakeups
from forgehand.domain.arrivals import planning_job
from forgehand.domain.effects import Merge
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLAN, Change, Done, Failed, JobState, Outcome, Retry, Waiting
from forgehand.domain.modes import Grant, Grants, Mode
from forgehand.engine.crowd import never
from forgehand.engine.gate import Gate
from forgehand.engine.runner import Runner, RunnerTimes
from forgehand.ports.desk import Desk, Worker
from forgehand.ports.git import GitFailed
from forgehand.ports.github import NotFound, NotPermitted, Throttled, Unreachable
from forgehand.ports.store import Fence, Unclaimed, Written
from support.engine import REPO, Clock, OneObjectPerSlot, Scripted, a_job, comment

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


class Bench:
    """A runner with one worker, over a clock set by hand."""

    def __init__(
        self,
        store: MemoryStore,
        worker: Worker,
        grants: Grants | None = None,
        *,
        crowded: Callable[[], Awaitable[bool]] = never,
        **times: float,
    ) -> None:
        self.store = store
        self.clock = Clock()
        self.github = OneObjectPerSlot(self.clock)
        self.wakeups = InProcessWakeups()
        gate = Gate(store, {"comment": self.github, "merge": self.github}, self.clock)
        self.runner = Runner(
            store,
            self.wakeups,
            {worker.type: worker},
            gate,
            grants=grants or {},
            holder="here",
            clock=self.clock,
            jitter=lambda: 0.5,
            times=RunnerTimes(**{"poll": 60.0, "goodbye": 0.0, **times}),
            slots=4,
            crowded=crowded,
        )

    async def enqueue(self, *jobs: object) -> None:
        await self.store.commit(Change(enqueue=jobs), self.clock())  # type: ignore[arg-type]

    async def state(self, job_id: str = "job") -> tuple[JobState, str]:
        job = await self.store.job(job_id)
        assert job is not None
        return job.state, job.why


async def test_a_due_job_runs_and_settles(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Done({"findings": 2})]))
    await bench.enqueue(a_job())
    await bench.runner.drain()
    job = await store.job("job")
    assert job is not None
    assert (job.state, job.result, job.attempts) == (JobState.COMPLETED, {"findings": 2}, 1)


async def test_an_unknown_type_fails_with_its_name(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Done()]))
    await bench.enqueue(a_job(type="telepathy"))
    await bench.runner.drain()
    assert await bench.state() == (
        JobState.FAILED,
        "nothing here runs jobs of type 'telepathy'; known are review",
    )


class Raises:
    type = "review"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def run(self, desk: Desk) -> Outcome:
        raise self.error


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("502"), JobState.PENDING),
        (Throttled("slow down", 60), JobState.PENDING),
        (NotPermitted("checks: write is missing"), JobState.FAILED),
        (GitFailed("network", transient=True), JobState.PENDING),
        (GitFailed("no such ref", transient=False), JobState.FAILED),
        (ZeroDivisionError("oops"), JobState.PENDING),
    ],
)
async def test_an_escaped_error_is_tried_again_only_if_that_can_help(
    store: MemoryStore, error: Exception, state: JobState
) -> None:
    bench = Bench(store, Raises(error))
    await bench.enqueue(a_job())
    await bench.runner.drain()
    assert (await bench.state())[0] is state


@pytest.mark.parametrize("most", [12, 2])
async def test_what_is_not_there_is_looked_for_again_before_the_job_fails(store: MemoryStore, most: int) -> None:
    bench = Bench(store, Raises(NotFound("GitHub has nothing at GET /repos/octo/shop/pulls/7")))
    await bench.enqueue(replace(a_job(), max_attempts=most))
    states = []
    for _ in range(min(most, 4)):
        await bench.runner.drain()
        states.append((await bench.state())[0])
        bench.clock.forward(60)
    assert states == [JobState.PENDING] * (len(states) - 1) + [JobState.FAILED]


class Plans:
    type = PLAN

    async def run(self, desk: Desk) -> Outcome:
        if desk.now() < desk.job.created_at + 3600:
            raise Unreachable("502")
        return Done()


async def test_planning_outlasts_an_hour_without_github(store: MemoryStore) -> None:
    bench = Bench(store, Plans())
    planning = planning_job("guid", "issue_comment", bench.clock())
    await bench.enqueue(planning)
    while (await bench.state(planning.id))[0] is JobState.PENDING:
        bench.clock.now = await store.next_due() or bench.clock()
        await bench.runner.drain()
    assert (await bench.state(planning.id))[0] is JobState.COMPLETED


async def test_a_surprise_that_stays_ends_in_the_dead_letters(store: MemoryStore) -> None:
    bench = Bench(store, Raises(ZeroDivisionError("oops")))
    await bench.enqueue(replace(a_job(), max_attempts=3))
    for _ in range(3):
        await bench.runner.drain()
        bench.clock.forward(3600)
    assert await bench.state() == (
        JobState.DEAD_LETTER,
        "gave up after 3 attempts: unexpected ZeroDivisionError: oops",
    )


async def test_a_review_that_failed_for_good_has_its_pull_request_looked_at_again(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Failed("no")]))
    await bench.enqueue(a_job())
    await bench.runner.drain()
    (look,) = [job for job in await store.jobs(10) if job.type == "decide"]
    assert (look.subject, look.payload) == ("pull/7", {"event": "review gave up"})


async def test_a_postponed_job_runs_again_when_it_is_due_and_not_before(store: MemoryStore) -> None:
    worker = Scripted([Retry("later", after=50.0), Done()])
    bench = Bench(store, worker)
    await bench.enqueue(a_job())
    await bench.runner.drain()
    bench.clock.forward(49.0)
    await bench.runner.drain()
    assert worker.runs == 1
    bench.clock.forward(1.1)
    await bench.runner.drain()
    assert (await bench.state())[0] is JobState.COMPLETED


async def test_the_operator_says_how_soon_a_failed_job_is_tried_again_and_workers_how_far_github_lags(
    store: MemoryStore,
) -> None:
    worker = Scripted([Retry("GitHub did not answer"), lambda desk: Retry("not there yet", after=desk.lag)])
    bench = Bench(store, worker, retry=0.2, lag=7.0)
    await bench.enqueue(a_job())
    for seconds in (0.2, 7.0):
        await bench.runner.drain()
        job = await store.job("job")
        assert job is not None
        assert job.run_at == pytest.approx(bench.clock() + seconds)
        bench.clock.forward(seconds)


async def test_a_job_that_takes_too_long_is_ended(store: MemoryStore) -> None:
    class Slow:
        type = "review"

        async def run(self, desk: Desk) -> Outcome:
            await asyncio.Event().wait()
            return Done()

    bench = Bench(store, Slow())
    await bench.enqueue(replace(a_job(), max_duration=0.05))
    await bench.runner.drain()
    assert await bench.state() == (JobState.FAILED, "it took longer than 0.05 s, its time limit")


async def test_a_time_out_of_the_workers_own_is_not_the_jobs_time_limit(store: MemoryStore) -> None:
    bench = Bench(store, Raises(TimeoutError("a socket")))
    await bench.enqueue(a_job())
    await bench.runner.drain()
    assert await bench.state() == (JobState.PENDING, "unexpected TimeoutError: a socket")


async def test_an_outcome_that_cannot_be_stored_ends_the_job_in_sight(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Done({"not JSON": object()})]))
    settle = store.settle

    async def refuse(change: Change, fence: Fence, now: float) -> Written:
        if change.job and change.job.result:
            raise ValueError("object is not JSON")
        return await settle(change, fence, now)

    store.settle = refuse  # type: ignore[method-assign]
    await bench.enqueue(a_job())
    await bench.runner.drain()
    assert await bench.state() == (JobState.FAILED, "its outcome cannot be stored: object is not JSON")


async def test_secrets_in_a_surprise_do_not_reach_the_page(store: MemoryStore) -> None:
    bench = Bench(store, Raises(RuntimeError("could not fetch https://bot:" + "hunter2hunter2@github.test/x")))
    await bench.enqueue(a_job())
    await bench.runner.drain()
    assert "hunter2" not in (await bench.state())[1]


async def test_jobs_of_one_key_run_one_at_a_time(store: MemoryStore) -> None:
    running, most = 0, 0

    class Counting:
        type = "review"

        async def run(self, desk: Desk) -> Outcome:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            return Done()

    bench = Bench(store, Counting())
    await bench.enqueue(*(replace(a_job(f"job{n}"), key="merge:2:main") for n in range(5)))
    await bench.runner.drain()
    assert most == 1
    assert [(await bench.state(f"job{n}"))[0] for n in range(5)] == [JobState.COMPLETED] * 5


class Gated:
    """A worker that runs until it is let go."""

    type = "review"

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.go = asyncio.Event()
        self.cancelled = False

    async def run(self, desk: Desk) -> Outcome:
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Done()


async def test_a_superseded_job_is_dropped_while_it_runs(store: MemoryStore) -> None:
    worker = Gated()
    bench = Bench(store, worker, heartbeat=0.05)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(stop))
    lane = "review:2:pull/7"
    await bench.enqueue(a_job("older", lane=lane))
    await bench.wakeups.hint(["older"])
    async with asyncio.timeout(10):
        await worker.started.wait()
        await bench.enqueue(a_job("newer", lane=lane))
        while not worker.cancelled:
            await asyncio.sleep(0.01)
    worker.go.set()
    await bench.wakeups.hint(["newer"])
    async with asyncio.timeout(10):
        while (await bench.state("newer"))[0] is not JobState.COMPLETED:
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert (await bench.state("older"))[0] is JobState.SUPERSEDED


async def test_while_it_is_crowded_jobs_are_taken_one_by_one_and_none_is_left_out(store: MemoryStore) -> None:
    asked = 0

    async def crowded() -> bool:
        nonlocal asked
        asked += 1
        return True

    bench = Bench(store, Scripted([Done()] * 10), crowded=crowded, give_way=0.01)
    await bench.enqueue(*(a_job(f"job-{number}", lane="") for number in range(10)))
    stop = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(stop))
    async with asyncio.timeout(10):
        while [job.state for job in await store.jobs(10)] != [JobState.COMPLETED] * 10:
            await asyncio.sleep(0.01)
        stop.set()
        await running
    # Four slots: before it is known to be crowded four jobs are claimed, then each for itself.
    assert asked == 1 + 6


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[None]:
    """With the runner at work, for ten seconds at most: it looks by itself only every minute."""
    stop = asyncio.Event()
    work = asyncio.create_task(bench.runner.run(stop))
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        stop.set()
        await work


def late(bench: Bench, seconds: float) -> None:
    """Let the next question what is due after this take that long."""
    next_due = bench.store.next_due

    async def slowly(*, after: float = 0.0) -> float | None:
        bench.store.next_due = next_due  # type: ignore[method-assign]
        bench.clock.forward(seconds)
        return await next_due(after=after)

    bench.store.next_due = slowly  # type: ignore[method-assign]


async def test_a_job_that_falls_due_between_two_looks_is_run_at_once(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Done()]))
    await bench.enqueue(replace(a_job(), run_at=bench.clock() + 5))
    late(bench, 6)
    async with running(bench):
        while (await bench.state())[0] is not JobState.COMPLETED:
            await asyncio.sleep(0)


class FirstIsGated(Gated):
    async def run(self, desk: Desk) -> Outcome:
        return await super().run(desk) if desk.job.id == "first" else Done()


async def test_a_job_that_is_blocked_hides_none_that_falls_due(store: MemoryStore) -> None:
    worker = FirstIsGated()
    bench = Bench(store, worker)
    key = "merge:2:main"
    await bench.enqueue(replace(a_job("first"), key=key), replace(a_job("second"), key=key))
    await bench.enqueue(replace(a_job("later"), run_at=bench.clock() + 5))
    late(bench, 6)
    async with running(bench):
        while (await bench.state("later"))[0] is not JobState.COMPLETED:
            await asyncio.sleep(0)
        assert (await bench.state("second"))[0] is JobState.PENDING
        worker.go.set()


async def test_what_is_due_when_a_crowd_is_over_is_run_at_once(store: MemoryStore) -> None:
    crowd = [True, False]

    async def crowded() -> bool:
        # By then all that was claimed has ended, which would make the runner look again.
        while any(task.get_name().startswith("job ") for task in asyncio.all_tasks()):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return crowd.pop(0) if crowd else False

    bench = Bench(store, Scripted([Done()] * 8), crowded=crowded, give_way=0.01)
    await bench.enqueue(*(a_job(f"job-{number}", lane="") for number in range(8)))
    async with running(bench):
        while [job.state for job in await store.jobs(10)] != [JobState.COMPLETED] * 8:
            await asyncio.sleep(0)


async def test_a_job_that_is_running_when_the_process_stops_is_handed_back(store: MemoryStore) -> None:
    worker = Gated()
    bench = Bench(store, worker)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(stop))
    await bench.enqueue(a_job())
    await bench.wakeups.hint(["job"])
    async with asyncio.timeout(10):
        await worker.started.wait()
        stop.set()
        await running
    assert await bench.state() == (JobState.PENDING, "its worker process stopped")
    job = await store.job("job")
    assert job is not None
    assert (job.attempts, job.run_at) == (0, bench.clock())


async def test_a_late_result_is_dropped(store: MemoryStore) -> None:
    worker = Gated()
    bench = Bench(store, worker)
    await bench.enqueue(a_job())
    running = asyncio.create_task(bench.runner.drain())
    async with asyncio.timeout(10):
        await worker.started.wait()
        await store.cancel("job", "no longer wanted", bench.clock())
        worker.go.set()
        await running
    assert await bench.state() == (JobState.CANCELLED, "no longer wanted")


async def test_paused_work_waits_and_goes_on_after_resume(store: MemoryStore) -> None:
    class Speaks:
        type = "review"

        async def run(self, desk: Desk) -> Outcome:
            return await desk.perform_all([comment()]) or Done()

    from forgehand.engine.operations import Operations

    bench = Bench(store, Speaks())
    operations = Operations(store, bench.wakeups, bench.clock)
    await operations.pause("kim", "release day")
    await bench.enqueue(a_job())
    await bench.runner.drain()
    assert await bench.state() == (JobState.WAITING, "paused by kim: release day")
    await operations.resume("kim")
    await bench.runner.drain()
    assert (await bench.state())[0] is JobState.COMPLETED
    assert bench.github.sent == 1


async def test_a_single_job_can_be_run_by_its_id(store: MemoryStore) -> None:
    bench = Bench(store, Scripted([Waiting("approval")]))
    await bench.enqueue(a_job())
    job = await bench.runner.run_one("job")
    assert not isinstance(job, Unclaimed)
    assert (job.state, job.waiting_for) == (JobState.WAITING, "approval")
    assert await bench.runner.run_one("nobody") is Unclaimed.GONE


async def test_a_failed_job_stays_failed(store: MemoryStore) -> None:
    worker = Scripted([Failed("no")])
    bench = Bench(store, worker)
    await bench.enqueue(a_job())
    await bench.runner.drain()
    bench.clock.forward(1e6)
    await bench.runner.drain()
    assert worker.runs == 1


class Merges:
    """Asks for a merge, and with its first job for another job that claims every power."""

    type = "review"

    async def run(self, desk: Desk) -> Outcome:
        effect = Merge(
            repo=REPO, subject="pull/7", worker="review", purpose="merge", sha="a" * 40, number=7, base="main"
        )
        follow_up = replace(a_job("follow-up"), grant=Grant(Mode.APPLY, allow_push=True, operate=True))
        stop = await desk.perform_all([effect])
        return Done({"refused": str(stop)}, jobs=(follow_up,)) if desk.job.id == "job" else stop or Done()


async def test_a_job_may_do_what_the_operator_allows_and_not_what_its_row_says(store: MemoryStore) -> None:
    bench = Bench(store, Merges())
    await bench.enqueue(replace(a_job(), grant=Grant(Mode.APPLY)))
    await bench.runner.drain()
    first, second = await store.job("job"), await bench.state("follow-up")
    assert first is not None
    assert "may not merge (comment-only, no push)" in str(first.result)
    assert second[0] is JobState.REFUSED
    assert bench.github.sent == 0


async def test_a_job_gets_what_its_worker_is_allowed_now(store: MemoryStore) -> None:
    bench = Bench(store, Merges(), grants={("review", "review"): Grant(Mode.APPLY)})
    await bench.enqueue(a_job("other"))
    await bench.runner.drain()
    assert (await bench.state("other"))[0] is JobState.COMPLETED
    assert bench.github.sent == 1


async def test_a_workers_name_on_a_job_of_another_type_gives_it_nothing(store: MemoryStore) -> None:
    bench = Bench(store, Merges(), grants={("land", "review"): Grant(Mode.APPLY)})
    await bench.enqueue(a_job("other"))
    await bench.runner.drain()
    assert (await bench.state("other"))[0] is JobState.REFUSED


async def test_what_may_happen_once_happens_once_and_the_second_job_is_told(store: MemoryStore) -> None:
    taken = Fact(fact_id("command", 5), "command.taken", 0.0)
    bench = Bench(store, Scripted([Done({"obeyed": True}, facts=(taken,), marks={"obeyed": "by one"}, once=taken.id)]))
    await bench.enqueue(a_job("first"), a_job("second"))
    await bench.runner.drain()
    results = [job.result for job in [await store.job("first"), await store.job("second")] if job]
    assert sorted(map(str, results)) == ["{'obeyed': True}", "{'skipped': 'another job has done this already'}"]
