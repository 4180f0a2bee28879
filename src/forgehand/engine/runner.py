"""Running jobs: claim what is due, give it to its worker, settle what comes of it. One runner in each worker process.

The store decides who runs what; a wake-up only says when to look. Started by `assembly`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

import structlog
from structlog.contextvars import bound_contextvars

from forgehand.domain.followups import after_failure
from forgehand.domain.jobs import PLAN, Change, Done, Failed, Job, Outcome, Retry, settle
from forgehand.domain.modes import COMMENT_ONLY, Grants
from forgehand.domain.redaction import redact
from forgehand.domain.retries import BACKOFF_SECONDS, LAG_SECONDS, may_appear
from forgehand.engine.crowd import never
from forgehand.engine.desk import Door, JobDesk
from forgehand.engine.heartbeats import Heartbeats
from forgehand.engine.steps import Step, Steps, silent
from forgehand.ports.desk import Worker
from forgehand.ports.git import GitFailed
from forgehand.ports.github import GitHubError, NotFound, Throttled, TooLate, Unreachable
from forgehand.ports.store import Fence, Jobs, StoreUnavailable, Unclaimed, Written
from forgehand.ports.traces import SILENT, Span, Traces
from forgehand.ports.wakeups import Wakeups

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerTimes:
    """Seconds. `poll`: how long a lost wake-up can delay a job. `goodbye`: how long running jobs may finish on stop.
    `give_way`: between two jobs while deliveries come in as a crowd. `retry`: after the first failed attempt of a job.
    `lag`: how long GitHub's replicas may take to show what happened."""

    lease: float = 120.0
    heartbeat: float = 30.0
    poll: float = 5.0
    goodbye: float = 20.0
    give_way: float = 0.25
    retry: float = BACKOFF_SECONDS[0]
    lag: float = LAG_SECONDS


class Runner:
    """`slots` jobs at a time. `holder` names this process in leases; `jitter` gives numbers in [0, 1). `grants` say
    what a job may do, as the operator allows it now: neither a stored row nor the worker that made the job decides.
    While it is `crowded`, jobs are taken one by one, with a rest after each."""

    def __init__(
        self,
        store: Jobs,
        wakeups: Wakeups,
        workers: Mapping[str, Worker],
        gate: Door,
        *,
        grants: Grants,
        holder: str,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        times: RunnerTimes = RunnerTimes(),
        slots: int = 8,
        crowded: Callable[[], Awaitable[bool]] = never,
        steps: Steps = silent,
        traces: Traces = SILENT,
    ) -> None:
        self._store = store
        self._wakeups = wakeups
        self._workers = workers
        self._gate = gate
        self._grants = grants
        self._holder = holder
        self._clock = clock
        self._jitter = jitter
        self._times = times
        self._slots = slots
        self._crowded = crowded
        self._steps = steps
        self._traces = traces
        self._heartbeats = Heartbeats(store, clock, every=times.heartbeat, lease=times.lease)
        self._active: set[asyncio.Task[None]] = set()
        self._looked = 0.0
        """When we last looked for jobs that are due."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let running jobs finish for a while, and hand back the rest."""
        self._heartbeats.start()
        stopping = asyncio.create_task(stop.wait())
        hinted = asyncio.create_task(self._wakeups.wait(self._times.poll))
        crowd = False
        try:
            while not stop.is_set():
                asked = min(1 if crowd else self._slots, self._free)
                claimed = await self._claim(asked)
                crowd = bool(claimed) and await self._crowded()
                if crowd:
                    # Never none at all; and not a handful at once, behind which deliveries would have to wait.
                    await asyncio.wait({stopping}, timeout=self._times.give_way)
                    continue
                if claimed and claimed == asked and self._free:
                    # More may be due than was asked for.
                    continue
                waiting = {stopping, *self._active} | ({hinted} if self._free else set())
                delay = await self._until_next() if claimed is not None and self._free else self._times.poll
                await asyncio.wait(waiting, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                if hinted.done():
                    hinted = asyncio.create_task(self._wakeups.wait(self._times.poll))
        finally:
            for task in (stopping, hinted):
                task.cancel()
            await self._say_goodbye()
            self._heartbeats.stop()

    async def run_one(self, job_id: str) -> Job | Unclaimed:
        """Claim and run a single job, due or not, and give it as it then is."""
        job = await self._store.claim(job_id, self._holder, self._times.lease, self._clock())
        if isinstance(job, Unclaimed):
            return job
        self._heartbeats.start()
        try:
            await self._work(job)
        finally:
            self._heartbeats.stop()
        return await self._store.job(job_id) or job

    async def drain(self) -> None:
        """Run everything that is due now, and what follows from it, then return."""
        self._heartbeats.start()
        try:
            while await self._claim(self._free) or self._active:
                if self._active:
                    await asyncio.wait(self._active, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._heartbeats.stop()

    @property
    def _free(self) -> int:
        return self._slots - len(self._active)

    async def _claim(self, most: int) -> int | None:
        """How many jobs were claimed, or None where the store does not answer."""
        if not most:
            return 0
        self._looked = self._clock()
        try:
            jobs = await self._store.claim_due(self._holder, self._times.lease, self._looked, most)
        except StoreUnavailable as error:
            log.warning("store.unavailable", why=error.why)
            return None
        for job in jobs:
            task = asyncio.create_task(self._work(job), name=f"job {job.id}")
            self._active.add(task)
            task.add_done_callback(self._active.discard)
        return len(jobs)

    async def _until_next(self) -> float:
        """Seconds to wait for a job that was not due yet when we looked: a retry, say. One that was due then, and was
        not claimed, is blocked and waits for a hint."""
        try:
            due = await self._store.next_due(after=self._looked)
        except StoreUnavailable:
            return self._times.poll
        if due is None:
            return self._times.poll
        return min(self._times.poll, max(0.005, due - self._clock()))

    async def _work(self, job: Job) -> None:
        """Run one claimed job to its settlement."""
        self._steps(Step.JOB_CLAIMED, job.type)
        fence = Fence(job.id, job.fence)
        started = time.monotonic()
        lost, working = asyncio.Event(), True
        this = asyncio.current_task()
        assert this is not None

        def drop() -> None:
            # Once the worker is done there is nothing to stop, and settling finds out by itself that the fence is lost.
            if working:
                lost.set()
                this.cancel()

        self._heartbeats.add(fence, job.max_duration + self._times.lease, drop)
        try:
            outcome = await self._outcome(job)
        except asyncio.CancelledError:
            if not lost.is_set():
                await self._hand_back(job, fence)
                raise
            this.uncancel()
            log.info("job.dropped", job=job.id, why="it was superseded, cancelled or taken over")
            return
        finally:
            working = False
            self._heartbeats.remove(fence)
        await self._settle(job, fence, outcome, time.monotonic() - started)

    async def _outcome(self, job: Job) -> Outcome:
        """What came of the job: the worker's own outcome, or its trouble as one."""
        worker = self._workers.get(job.type)
        if worker is None:
            return Failed(f"nothing here runs jobs of type {job.type!r}; known are {', '.join(sorted(self._workers))}")
        granted = self._grants.get((job.type, job.worker), COMMENT_ONLY)
        desk = JobDesk(replace(job, grant=granted), self._gate, self._clock, self._times.lag)
        limit = asyncio.timeout(job.max_duration)
        try:
            async with limit:
                # Whatever is logged on the way, also by the libraries beneath, says for which delivery it was done.
                with bound_contextvars(job=job.id, correlation=job.correlation), self._span(job) as span:
                    outcome = await worker.run(desk)
                    span.tell(outcome=type(outcome).__name__.lower(), why=getattr(outcome, "why", ""))
                    return outcome
        except Exception as error:
            if limit.expired():
                return Failed(f"it took longer than {job.max_duration:g} s, its time limit")
            return trouble(error, job)

    def _span(self, job: Job) -> AbstractContextManager[Span]:
        name = PLAN if job.type == PLAN else f"job {job.type}"
        about = {"job": job.id, "worker": job.worker, "repository": job.repository, "subject": job.subject}
        return self._traces.step(name, of=job.correlation, attempt=job.attempts, **about)

    async def _settle(self, job: Job, fence: Fence, outcome: Outcome, seconds: float) -> None:
        self._steps(Step.JOB_SETTLING, job.type)
        now = self._clock()
        change = _told(settle(job, outcome, now, self._jitter(), self._times.retry), now)
        try:
            written = await self._settled(change, fence)
        except Exception as error:
            # The store refused what the worker made, as it would again: that is the job's end, and must be seen.
            log.error("job.unstorable", job=job.id, type=job.type, exc_info=error)
            failed = Failed(f"its outcome cannot be stored: {redact(str(error))[:300]}")
            change = _told(settle(job, failed, now, 0.0), now)
            written = await self._settled(change, fence)
        if written is Written.TAKEN:
            change = settle(job, Done({"skipped": "another job has done this already"}), now, 0.0)
            written = await self._settled(change, fence)
        if written is not Written.YES:
            log.info("job.late", job=job.id, type=job.type, why="its lease had moved on; its result is dropped")
            return
        self._steps(Step.JOB_SETTLED, job.type)
        assert change.job is not None
        log.info(
            "job.settled",
            job=job.id,
            type=job.type,
            state=str(change.job.state),
            why=change.job.why,
            seconds=round(seconds, 3),
            correlation=job.correlation,
        )
        if change.enqueue or job.key:
            await self._wakeups.hint([each.id for each in change.enqueue])

    async def _settled(self, change: Change, fence: Fence) -> Written | None:
        try:
            return await self._store.settle(change, fence, self._clock())
        except StoreUnavailable as error:
            # The lease runs out and the job runs again; its effects are in the ledger.
            log.warning("job.unsettled", job=fence.job, why=error.why)
            return None

    async def _hand_back(self, job: Job, fence: Fence) -> None:
        """This process stops: the next one goes on with the job, which did nothing wrong."""
        now = self._clock()
        change = settle(replace(job, attempts=job.attempts - 1), Retry("its worker process stopped"), now, 0.0)
        assert change.job is not None
        with suppress(asyncio.CancelledError):
            await self._settled(replace(change, job=replace(change.job, run_at=now)), fence)

    async def _say_goodbye(self) -> None:
        if not self._active:
            return
        _, late = await asyncio.wait(self._active, timeout=self._times.goodbye)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _told(change: Change, now: float) -> Change:
    """The change, and another look by whoever waits for a job that ends with it for good."""
    assert change.job is not None
    return replace(change, enqueue=(*change.enqueue, *after_failure(change.job, now)))


def trouble(error: Exception, job: Job) -> Outcome:
    """An exception that a worker let escape, as an outcome: what can pass is tried again, what cannot is not."""
    match error:
        case Throttled():
            return Retry(error.why, after=error.after)
        case Unreachable() | TooLate():
            return Retry(error.why)
        case NotFound() if may_appear(job.attempts, job.max_attempts):
            return Retry(error.why)
        case GitHubError():
            return Failed(error.why)
        case GitFailed():
            return Retry(error.why) if error.transient else Failed(error.why)
        case StoreUnavailable():
            return Retry(error.why, after=error.retry_after)
    log.error("job.surprise", job=job.id, type=job.type, exc_info=error)
    return Retry(f"unexpected {type(error).__name__}: {redact(str(error))[:300]}")
