"""`ProcrastinateWakeups`: hints as Procrastinate tasks, which carry nothing but a job's id. Made by `assembly`.

Whoever waits is woken twice over: all by a NOTIFY, at once, and one by a task that is made a little later and kept
until somebody fetched it, for those who did not listen. Our store decides who runs the job. Waiting tasks are few: each
of `_SLOTS` slots holds at most one, since a woken worker looks for everything that is due. A crowd of hints shares
both, or hints would cost the intake more than commits.

Tasks are fetched here and not by Procrastinate's worker: that one forgets a NOTIFY which comes while it fetches.
"""

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import LiteralString

import procrastinate
import psycopg
import psycopg.sql
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg.conninfo import conninfo_to_dict, make_conninfo

log = logging.getLogger(__name__)


class ProcrastinateWakeups:
    """Wake-ups over the PostgreSQL at `dsn` (`postgresql://…`). Belongs to one event loop.

    Connects by itself when first used. A process that only hints runs no worker.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = _unhurried(dsn)
        self._hinted = asyncio.Event()
        self._pending: dict[int, str] = {}
        """Slot to the job whose hint is to be sent: one a slot is enough."""
        self._unheard = False
        """Whether a NOTIFY is to be sent."""
        self._notifying: asyncio.Task[None] | None = None
        self._deferring: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None
        self._app: procrastinate.App | None = None
        self._bell: psycopg.AsyncConnection | None = None
        self._opening = asyncio.Lock()
        self._closing = asyncio.Event()

    async def hint(self, job_ids: Sequence[str]) -> None:
        self._pending.update({zlib.crc32(job_id.encode()) % _SLOTS: job_id for job_id in job_ids or [_SOME_JOB]})
        self._unheard = True
        if self._closing.is_set():
            return
        if self._notifying is None or self._notifying.done():
            self._notifying = asyncio.create_task(self._notify())
        if self._deferring is None or self._deferring.done():
            self._deferring = asyncio.create_task(self._defer())

    async def wait(self, timeout: float) -> None:
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._hinted.wait()
        self._hinted.clear()

    async def close(self) -> None:
        self._closing.set()
        flushing = [task for task in (self._notifying, self._deferring) if task is not None]
        if flushing:
            await asyncio.wait(flushing, timeout=_LAST_FLUSH)
        for task in (*flushing, self._working):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self._drop_app()

    async def _notify(self) -> None:
        """Wake all that listen, at once, then no sooner than after a rest, which grows while hints keep coming."""
        rest = _NOTIFY_AFTER
        while self._unheard:
            self._unheard = False
            if not await self._sent(self._ring):
                self._unheard = not self._closing.is_set()
            await self._rest(rest)
            rest = min(2 * rest, _NOTIFY_EVERY)

    async def _defer(self) -> None:
        """Make tasks of what is pending; what comes meanwhile goes together in the next round, which is later and
        later while hints keep coming."""
        rest = _DEFER_AFTER
        while self._pending:
            await self._rest(rest)
            if not await self._sent(self._defer_pending) and self._closing.is_set():
                return
            rest = min(2 * rest, _DEFER_EVERY)

    async def _ring(self) -> None:
        # On a connection of its own: a pool would ask it first whether it is well, and a job starts when this arrives.
        if self._bell is None:
            self._bell = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=3)
        await self._bell.execute(_NOTIFY)

    async def _defer_pending(self) -> None:
        app = await self._opened()
        for slot in tuple(self._pending):
            job_id = self._pending.pop(slot)
            try:
                await _defer(app, slot, job_id)
            except BaseException:
                self._pending.setdefault(slot, job_id)
                raise

    async def _sent(self, send: Callable[[], Awaitable[None]]) -> bool:
        try:
            await send()
        except Exception as error:
            log.warning("a wake-up is late, workers look by themselves meanwhile: %s", error)
            await self._drop_app()
            await self._rest(_TRY_AGAIN_AFTER)
            return False
        return True

    async def _rest(self, seconds: float) -> None:
        """Cut short by the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _work(self) -> None:
        """Listen, and fetch what was deferred; after a lost connection, again."""
        while not self._closing.is_set():
            try:
                app = await self._opened()
                ears = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=3)
                async with ears:
                    await self._listen(app.job_manager, ears)
            except Exception as error:
                log.warning("wake-ups are interrupted, workers look by themselves: %s", error)
            await self._drop_app()
            await asyncio.sleep(_TRY_AGAIN_AFTER)

    async def _listen(self, manager: JobManager, ears: psycopg.AsyncConnection) -> None:
        await ears.execute(_LISTEN)
        me = await manager.register_worker()
        try:
            await self._hear(manager, ears, me)
        finally:
            # Also where this is cancelled, or the connection was lost; who is killed is cleared away by the next.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_LAST_WORD):
                    await self._leave(me)

    async def _hear(self, manager: JobManager, ears: psycopg.AsyncConnection, me: int) -> None:
        clock = asyncio.get_running_loop().time
        # From here on every new task is heard of. Those from before are found by the first fetch, or, where their
        # NOTIFY came just before we listened and they are still to be made, by the second.
        fetch_at, then = clock(), _FETCH_AFTER
        while not self._closing.is_set():
            if clock() >= fetch_at:
                await self._fetch(manager, me)
                await manager.update_heartbeat(me)
                fetch_at, then = clock() + then, _LOOK_EVERY
            async for _ in ears.notifies(timeout=fetch_at - clock(), stop_after=1):
                self._hinted.set()
                # Not at once: the task is only there in case nobody listens.
                fetch_at = min(fetch_at, clock() + _FETCH_AFTER)

    async def _leave(self, me: int) -> None:
        # On a connection of its own: those of the pool were interrupted in the midst of something, or lost.
        connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=3)
        async with connection:
            await connection.execute("DELETE FROM procrastinate_workers WHERE id = %s", [me])

    async def _fetch(self, manager: JobManager, me: int) -> None:
        """Take and delete the tasks that wait."""
        while (task := await manager.fetch_job(queues=[_QUEUE], worker_id=me)) is not None:
            self._hinted.set()
            await manager.finish_job(task, Status.SUCCEEDED, delete_job=True)

    async def _opened(self) -> procrastinate.App:
        async with self._opening:
            if self._app is None:
                await _prepare(self._dsn)
                app = self._make_app()
                try:
                    await app.open_async()
                except BaseException:
                    # Its pool goes on connecting otherwise, also when it is cancelled, and the process never ends.
                    with contextlib.suppress(Exception):
                        await app.close_async()
                    raise
                self._app = app
            return self._app

    async def _drop_app(self) -> None:
        """Start over with new connections: a pool that lost its database comes back by itself only after minutes."""
        app, self._app = self._app, None
        bell, self._bell = self._bell, None
        for close in (app and app.close_async, bell and bell.close):
            if close:
                with contextlib.suppress(Exception):
                    await close()

    def _make_app(self) -> procrastinate.App:
        # At INFO it logs a line for every hint.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        connector = procrastinate.PsycopgConnector(
            conninfo=self._dsn, min_size=1, max_size=4, timeout=3.0, reconnect_timeout=5.0
        )
        return procrastinate.App(connector=connector)


def _unhurried(dsn: str) -> str:
    """With commits that do not wait for the disk. A NOTIFY is a commit too, and a hint that a crash of the database
    takes along is one of those that workers do without."""
    given = str(conninfo_to_dict(dsn).get("options") or "")
    return make_conninfo(dsn, options=f"{given} -c synchronous_commit=off".lstrip())


async def _defer(app: procrastinate.App, slot: int, job_id: str) -> None:
    hint = app.configure_task(_TASK, queue=_QUEUE, queueing_lock=f"{_QUEUE}-{slot}")
    # The one that is there already was not fetched yet: whoever fetches it will find our job as well.
    with contextlib.suppress(AlreadyEnqueued):
        await hint.defer_async(job_id=job_id)


async def _prepare(dsn: str) -> None:
    """Create Procrastinate's tables, one process at a time, and clear away killed workers and what they left in their
    hands."""
    connection = await psycopg.AsyncConnection.connect(dsn, connect_timeout=3)
    async with connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_SCHEMA_LOCK])
        found = await connection.execute("SELECT to_regclass('procrastinate_jobs')")
        if await found.fetchone() == (None,):
            await connection.execute(procrastinate.schema.SchemaManager.get_schema())
        await connection.execute(
            "DELETE FROM procrastinate_jobs WHERE queue_name = %s AND status = 'doing'"
            " AND NOT EXISTS (SELECT 1 FROM procrastinate_workers AS alive"
            " WHERE alive.id = procrastinate_jobs.worker_id AND alive.last_heartbeat > now() - interval '60 seconds')",
            [_QUEUE],
        )
        await connection.execute(
            "DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '60 seconds'"
        )


_QUEUE = "forgehand-wakeups"
_TASK = "forgehand.wake"
_CHANNEL = "forgehand_wakeups"
_NOTIFY: LiteralString = f"NOTIFY {_CHANNEL}"
_LISTEN: LiteralString = f"LISTEN {_CHANNEL}"
_SOME_JOB = ""
_SLOTS = 8
_LOOK_EVERY = 5.0
_NOTIFY_AFTER = 0.01
_NOTIFY_EVERY = 0.08
_DEFER_AFTER = 0.2
_DEFER_EVERY = 3.2
_FETCH_AFTER = 4.0
"""After the tasks of a first NOTIFY were made."""
_TRY_AGAIN_AFTER = 1.0
_LAST_FLUSH = 2.0
_LAST_WORD = 5.0
_SCHEMA_LOCK = 4_018_220_612
