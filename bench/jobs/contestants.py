"""Who is measured: our engine on both stores, and two job queues alone. Called by `__main__` and, in the process that
works, by `worker`.

Each contestant enqueues from the measuring process and works in another, as `forgehand serve` does. A job does nothing
but note when it was started.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import huey
import procrastinate

from forgehand.adapters.procrastinate import ProcrastinateWakeups
from forgehand.adapters.sql import SqlStore
from forgehand.adapters.wakeups import PipeWakeups
from forgehand.assembly.holders import this_holder
from forgehand.domain.jobs import Change, Done, Job, Outcome, job_id
from forgehand.engine.dry_run import DryGate
from forgehand.engine.runner import Runner
from forgehand.engine.steps import Step
from forgehand.ports.desk import Desk
from forgehand.ports.wakeups import Wakeups

SLOTS = 8
"""Jobs at a time, as `forgehand serve` has it."""
AT_ONCE = 100
"""Jobs in one commit: the most that one Change may carry."""


class Queue(Protocol):
    """A contestant in one process. `fd` is its end of the wake-up pipe."""

    async def enqueue(self, numbers: Sequence[int]) -> None:
        """Durably, in one commit where it can."""
        ...

    async def work(self, started: "Started") -> None:
        """Work until `started` is full, each of its jobs done."""
        ...


@dataclass
class Started:
    """When each job was started, in epoch seconds by its number; full with `expected` of them."""

    expected: int
    at: dict[int, float] = field(default_factory=dict)

    def note(self, number: int) -> None:
        self.at[number] = time.time()

    @property
    def full(self) -> bool:
        return len(self.at) >= self.expected


@asynccontextmanager
async def forgehand_queue(url: str, read: int | None, write: int | None) -> AsyncIterator[Queue]:
    """Our store, runner and wake-ups: a pipe beside SQLite, Procrastinate on PostgreSQL."""
    store = SqlStore(url)
    await store.open()
    wakeups: Wakeups = (
        ProcrastinateWakeups(url) if url.startswith("postgresql") else PipeWakeups(read=read, write=write)
    )
    try:
        yield _Forgehand(store, wakeups)
    finally:
        await wakeups.close()
        await store.close()


@asynccontextmanager
async def procrastinate_queue(url: str, read: int | None, write: int | None) -> AsyncIterator[Queue]:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        yield _Procrastinate(app)


@asynccontextmanager
async def huey_queue(url: str, read: int | None, write: int | None) -> AsyncIterator[Queue]:
    yield _Huey(huey.SqliteHuey(filename=url.removeprefix("sqlite:///"), fsync=True, results=False))


@dataclass(frozen=True)
class Contestant:
    name: str
    open: Callable[[str, int | None, int | None], Any]
    database: str


EVERYONE: Mapping[str, Contestant] = {
    "forgehand-sqlite": Contestant("Forgehand, SQLite", forgehand_queue, "sqlite"),
    "huey": Contestant("Huey, SQLite", huey_queue, "sqlite"),
    "forgehand-postgres": Contestant("Forgehand, PostgreSQL", forgehand_queue, "postgresql"),
    "procrastinate": Contestant("Procrastinate, PostgreSQL", procrastinate_queue, "postgresql"),
}


@dataclass
class _Forgehand:
    store: SqlStore
    wakeups: Wakeups

    async def enqueue(self, numbers: Sequence[int]) -> None:
        now = time.time()
        jobs = tuple(_job(number, now) for number in numbers)
        await self.store.commit(Change(enqueue=jobs), now)
        await self.wakeups.hint([job.id for job in jobs])

    async def work(self, started: Started) -> None:
        stop = asyncio.Event()
        settled = 0

        def count(step: Step, about: str) -> None:
            nonlocal settled
            settled += step is Step.JOB_SETTLED
            if settled >= started.expected:
                stop.set()

        runner = Runner(
            self.store,
            self.wakeups,
            {"noop": _Noop(started)},
            DryGate(self.store),
            grants={},
            holder=this_holder(),
            clock=time.time,
            jitter=random.random,
            slots=SLOTS,
            steps=count,
        )
        await runner.run(stop)


def _job(number: int, now: float) -> Job:
    return Job(
        id=job_id("bench", number),
        type="noop",
        worker="noop",
        tenant=1,
        repository_id=1,
        repository="octo/shop",
        subject=f"pull/{number}",
        created_at=now,
        payload={"number": number},
        run_at=now,
    )


@dataclass
class _Noop:
    started: Started
    type: str = "noop"

    async def run(self, desk: Desk) -> Outcome:
        self.started.note(int(desk.job.payload["number"]))
        return Done()


class _Procrastinate:
    def __init__(self, app: procrastinate.App) -> None:
        self._app = app
        self._started = Started(0)
        self._full = asyncio.Event()

        @app.task(name="noop", queue="bench")
        async def noop(number: int) -> None:
            self._started.note(number)
            if self._started.full:
                self._full.set()

        self._noop = noop

    async def enqueue(self, numbers: Sequence[int]) -> None:
        await self._noop.batch_defer_async(*({"number": number} for number in numbers))

    async def work(self, started: Started) -> None:
        self._started = started
        worker = asyncio.create_task(
            self._app.run_worker_async(queues=["bench"], concurrency=SLOTS, install_signal_handlers=False)
        )
        await self._full.wait()
        worker.cancel()
        await asyncio.wait([worker])


class _Huey:
    """Its consumer polls, every 0.1 s at first: that is how it is."""

    def __init__(self, queue: huey.SqliteHuey) -> None:
        self._queue = queue
        self._started = Started(0)

        @queue.task(name="noop")
        def noop(number: int) -> None:
            self._started.note(number)

        self._noop = noop

    async def enqueue(self, numbers: Sequence[int]) -> None:
        # It has no way to enqueue many in one commit.
        for number in numbers:
            self._noop(number)

    async def work(self, started: Started) -> None:
        self._started = started
        consumer = self._queue.create_consumer(workers=1, check_worker_health=False)
        consumer.start()
        while not started.full:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(consumer.stop, graceful=True)
