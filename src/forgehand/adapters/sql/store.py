"""`SqlStore`: the store port on SQLite or PostgreSQL. Made by `assembly`; its verbs live in `verbs_*`.

The verbs are written once, as functions of a connection; a backend decides in which thread and transaction they run.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pysqlite3

from forgehand.adapters.sql import (
    verbs_documents,
    verbs_folding,
    verbs_forget,
    verbs_intake,
    verbs_jobs,
    verbs_ledger,
    verbs_pulls,
    verbs_reads,
    verbs_small,
)
from forgehand.adapters.sql.arrivals import record_of_arrival
from forgehand.adapters.sql.postgres import PostgresBackend
from forgehand.adapters.sql.queue import Queue, T, Verb
from forgehand.adapters.sql.sqlite import SqliteBackend
from forgehand.adapters.sql.verbs_changes import only_new_jobs
from forgehand.adapters.sql.verbs_claim_at_once import claim_at_once
from forgehand.adapters.sql.verbs_intake import Record, record_of
from forgehand.adapters.sql.verbs_once import AlreadyTaken
from forgehand.domain.arrivals import arrival
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact, Trail
from forgehand.domain.jobs import Change, Job, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.domain.projections import Projection
from forgehand.domain.pulls import PullState
from forgehand.ports.store import (
    Edition,
    Fence,
    Lead,
    Numbered,
    Pause,
    Recorded,
    StoredDelivery,
    StoreUnavailable,
    Unclaimed,
    Written,
)


class Backend(Protocol):
    """Where verbs run. All raise StoreUnavailable when the database cannot answer, ValueError for a bad row."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def record(self, record: Record) -> Awaitable[Recorded]:
        """Store one delivery, in a commit that it may share with others."""
        ...

    async def write(self, verb: Verb[T]) -> T:
        """Run a verb in a transaction; returns once it is durable."""
        ...

    async def at_once(self, verb: Verb[T]) -> T:
        """Run a verb that is a single statement, and as durable: where that can be its own transaction, it is."""
        ...

    def read(self, verb: Verb[T]) -> Awaitable[T]: ...

    async def check(self) -> str: ...


PATIENCE_SECONDS = 1.5
"""How long a delivery waits to be stored before GitHub is told to send it again later."""


class SqlStore:
    """The store at `sqlite:///path` or `postgresql://user:password@host/database`.

    At most `queue_rows` writes and `queue_bytes` of bodies wait at a time; a delivery waits at most `patience` seconds,
    PATIENCE_SECONDS if none are given.
    """

    def __init__(
        self,
        url: str,
        *,
        queue_rows: int = 2000,
        queue_bytes: int = 128 * 1024 * 1024,
        patience: float | None = None,
        threads: int = 4,
        sqlite_library: tuple[int, ...] = pysqlite3.sqlite_version_info,
    ) -> None:
        patience = PATIENCE_SECONDS if patience is None else patience
        path = _sqlite_path(url)
        self._one_lock = path is not None
        if path is not None:
            queue = Queue(queue_rows, queue_bytes, gap=_GAP_SECONDS)
            self._backend: Backend = SqliteBackend(path, queue, threads, patience, sqlite_library)
        elif url.startswith(("postgresql://", "postgres://")):
            # Verbs of jobs wait in a queue of their own, one to a thread.
            records = Queue(queue_rows, queue_bytes, gap=_GAP_SECONDS)
            verbs = Queue(queue_rows, queue_bytes, batch_rows=1)
            self._backend = PostgresBackend(url, records, verbs, threads, patience)
        else:
            scheme = url.partition("://")[0]
            raise ValueError(f"a store's address is sqlite:///path or postgresql://…, not {scheme}://…")

    async def open(self) -> None:
        await self._backend.open()

    async def close(self) -> None:
        await self._backend.close()

    async def check(self) -> str:
        return await self._backend.check()

    # Intake

    def receive(self, delivery: Delivery, ignored: str = "") -> Awaitable[Recorded]:
        if len(delivery.body) > _OFF_LOOP_BYTES:
            return self.record(delivery, arrival(delivery, ignored))
        return self._backend.record(record_of_arrival(delivery, ignored))

    async def record(self, delivery: Delivery, change: Change) -> Recorded:
        if change.job is not None:
            raise ValueError("a delivery is recorded with new jobs and facts, not with a job that somebody holds")
        if len(delivery.body) <= _OFF_LOOP_BYTES:
            record = record_of(delivery, change)
        else:
            record = await asyncio.to_thread(record_of, delivery, change)
        return await self._backend.record(record)

    async def delivery(self, guid: str) -> StoredDelivery | None:
        return await self._backend.read(lambda conn: verbs_intake.delivery(conn, guid))

    async def known_guids(self, guids: Sequence[str]) -> frozenset[str]:
        return await self._backend.read(lambda conn: verbs_intake.known_guids(conn, guids))

    # Jobs

    async def claim_due(self, holder: str, lease: float, now: float, limit: int) -> list[Job]:
        if self._one_lock:
            # An idle worker looks without taking SQLite's one write lock.
            if not await self._backend.read(lambda conn: verbs_jobs.any_due(conn, now)):
                return []
            return await self._backend.write(lambda conn: verbs_jobs.claim_due(conn, holder, lease, now, limit))
        claimed, all_due = await self._backend.at_once(lambda conn: claim_at_once(conn, holder, lease, now, limit))
        rest = limit - len(claimed)
        if all_due or not rest:
            return claimed
        try:
            more = await self._backend.write(lambda conn: verbs_jobs.claim_due(conn, holder, lease, now, rest))
        except StoreUnavailable:
            # What is ours already begins; the rest is found by the next look.
            more = []
        return claimed + more

    async def claim(self, job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
        return await self._backend.write(lambda conn: verbs_jobs.claim(conn, job_id, holder, lease, now))

    async def renew(self, fence: Fence, lease: float, now: float) -> bool:
        return await self._backend.write(lambda conn: verbs_jobs.renew(conn, fence, lease, now))

    async def settle(self, change: Change, fence: Fence, now: float) -> Written:
        if change.job is not None and change.job.id != fence.job:
            raise ValueError(f"a fence on job {fence.job} cannot settle job {change.job.id}")
        try:
            return await self._backend.write(lambda conn: verbs_jobs.settle(conn, change, fence, now))
        except AlreadyTaken:
            return Written.TAKEN

    async def commit(self, change: Change, now: float) -> None:
        if change.job is not None or change.once:
            raise ValueError("a change of a held job is settled under its fence")
        write = self._backend.at_once if only_new_jobs(change) else self._backend.write
        await write(lambda conn: verbs_jobs.commit(conn, change, now))

    async def reclaim(self, now: float, grace: float) -> list[Job]:
        if not await self._backend.read(lambda conn: verbs_jobs.any_overdue(conn, now, grace)):
            return []
        return await self._backend.write(lambda conn: verbs_jobs.reclaim(conn, now, grace))

    async def holders(self) -> frozenset[str]:
        return await self._backend.read(verbs_jobs.holders)

    async def release(self, holder: str, now: float) -> list[Job]:
        return await self._backend.write(lambda conn: verbs_jobs.release(conn, holder, now))

    async def next_due(self, *, after: float = 0.0) -> float | None:
        return await self._backend.read(lambda conn: verbs_jobs.next_due(conn, after))

    async def cancel(self, job_id: str, why: str, now: float) -> bool:
        return await self._backend.write(lambda conn: verbs_jobs.cancel(conn, job_id, why, now))

    async def retry(self, job_id: str, now: float) -> bool:
        return await self._backend.write(lambda conn: verbs_jobs.retry(conn, job_id, now))

    async def wake(self, waiting_for: str, now: float) -> list[str]:
        return await self._backend.write(lambda conn: verbs_jobs.wake(conn, waiting_for, now))

    async def job(self, job_id: str) -> Job | None:
        return await self._backend.read(lambda conn: verbs_jobs.job(conn, job_id))

    async def latest_job(self, lane: str) -> Job | None:
        return await self._backend.read(lambda conn: verbs_jobs.latest_job(conn, lane))

    # Memory

    async def forget(self, before: float, now: float, most: int) -> int:
        over = await self._backend.read(lambda conn: verbs_forget.find_over(conn, before, most))
        return await self._backend.write(lambda conn: verbs_forget.forget(conn, before, now, most, over))

    # Documents

    async def document(self, key: str) -> str | None:
        return await self._backend.read(lambda conn: verbs_documents.document(conn, key))

    async def documents_named(self, keys: Sequence[str]) -> dict[str, str]:
        return await self._backend.read(lambda conn: verbs_documents.documents_named(conn, keys))

    # Ledger

    async def entry(self, slot: str) -> LedgerEntry | None:
        return await self._backend.read(lambda conn: verbs_ledger.entry(conn, slot))

    async def write_entry(
        self, entry: LedgerEntry, fence: Fence, now: float, *, lease_beyond: float = 0.0, facts: tuple[Fact, ...] = ()
    ) -> Written:
        return await self._backend.write(
            lambda conn: verbs_ledger.write_entry(conn, entry, fence, now, lease_beyond, facts)
        )

    async def override_entry(self, entry: LedgerEntry, now: float, facts: tuple[Fact, ...] = ()) -> Written:
        return await self._backend.write(lambda conn: verbs_ledger.override_entry(conn, entry, now, facts))

    # Controls

    async def paused(self) -> Pause | None:
        return await self._backend.read(verbs_small.paused)

    async def pause(self, pause: Pause) -> None:
        await self._backend.write(lambda conn: verbs_small.pause(conn, pause))

    async def resume(self, now: float) -> list[str]:
        return await self._backend.write(lambda conn: verbs_small.resume(conn, now))

    async def mark(self, key: str) -> str | None:
        return await self._backend.read(lambda conn: verbs_small.mark(conn, key))

    async def move_marks(self, seen: Mapping[str, str | None], marks: Mapping[str, str], now: float) -> bool:
        if not marks:
            return True
        try:
            await self._backend.write(lambda conn: verbs_small.move_marks(conn, seen, marks, now))
        except verbs_small.MarkMoved:
            return False
        return True

    # Folding

    async def lead(self, holder: str, lease: float, now: float) -> Lead | None:
        return await self._backend.write(lambda conn: verbs_folding.lead(conn, holder, lease, now))

    async def unfolded(self, limit: int) -> list[Numbered]:
        return await self._backend.read(lambda conn: verbs_folding.unfolded(conn, limit))

    async def unfolded_since(self) -> float | None:
        return await self._backend.read(verbs_folding.unfolded_since)

    async def fold(self, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
        try:
            return await self._backend.write(lambda conn: verbs_folding.fold(conn, rows, facts, lead, until))
        except verbs_folding.FoldedAlready:
            return Written.STALE

    async def projection(self, series: str, name: str) -> Projection | None:
        return await self._backend.read(lambda conn: verbs_folding.projection(conn, series, name))

    async def projections_named(self, keys: Sequence[tuple[str, str]], edition: int | None = None) -> list[Projection]:
        return await self._backend.read(lambda conn: verbs_folding.projections_named(conn, keys, edition))

    async def projections(
        self, series: str, limit: int, before: Last | None = None, since: float = 0.0
    ) -> list[Projection]:
        return await self._backend.read(lambda conn: verbs_folding.projections(conn, series, limit, before, since))

    async def projections_like(self, series: str, start: str, limit: int) -> list[Projection]:
        return await self._backend.read(lambda conn: verbs_folding.projections_like(conn, series, start, limit))

    # Rebuilding

    async def begin_edition(self, lead: Lead, until: float) -> Edition | None:
        return await self._backend.write(lambda conn: verbs_folding.begin_edition(conn, lead, until))

    async def folded(self, after: int, limit: int) -> list[Numbered]:
        return await self._backend.read(lambda conn: verbs_folding.folded(conn, after, limit))

    async def edition_page(self, after: tuple[str, str], limit: int, edition: int | None = None) -> list[Projection]:
        return await self._backend.read(lambda conn: verbs_folding.edition_page(conn, after, limit, edition))

    async def draft(self, rows: Sequence[Projection], edition: Edition, lead: Lead, until: float) -> Written:
        return await self._backend.write(lambda conn: verbs_folding.draft(conn, rows, edition, lead, until))

    async def publish(self, edition: Edition, lead: Lead) -> Written:
        return await self._backend.write(lambda conn: verbs_folding.publish(conn, edition, lead))

    async def drop_editions(self, limit: int) -> int:
        return await self._backend.write(lambda conn: verbs_folding.drop_editions(conn, limit))

    # Reads

    async def deliveries(self, limit: int, before: Last | None = None) -> list[StoredDelivery]:
        return await self._backend.read(lambda conn: verbs_reads.deliveries(conn, limit, before))

    async def jobs(self, limit: int, state: JobState | None = None, before: Last | None = None) -> list[Job]:
        return await self._backend.read(lambda conn: verbs_reads.jobs(conn, limit, state, before))

    async def jobs_of(self, delivery: str, limit: int = 200) -> list[Job]:
        return await self._backend.read(lambda conn: verbs_reads.jobs_of(conn, delivery, limit))

    async def jobs_about(self, repository_id: int, subject: str, limit: int) -> list[Job]:
        return await self._backend.read(lambda conn: verbs_reads.jobs_about(conn, repository_id, subject, limit))

    async def entries(
        self, limit: int, state: EffectState | None = None, before: Last | None = None
    ) -> list[LedgerEntry]:
        return await self._backend.read(lambda conn: verbs_reads.entries(conn, limit, state, before))

    async def entries_of(self, job_id: str) -> list[LedgerEntry]:
        return await self._backend.read(lambda conn: verbs_reads.entries_of(conn, job_id))

    async def entries_of_jobs(self, job_ids: Sequence[str]) -> list[LedgerEntry]:
        return await self._backend.read(lambda conn: verbs_reads.entries_of_jobs(conn, job_ids))

    async def facts_of(self, *, delivery: str | None = None, job: str | None = None, limit: int = 200) -> list[Fact]:
        if (delivery is None) == (job is None):
            raise ValueError("facts are listed for one delivery or for one job")
        return await self._backend.read(lambda conn: verbs_reads.facts_of(conn, delivery, job, limit))

    async def audit(self, trail: Trail, limit: int, before: Last | None = None) -> list[Fact]:
        return await self._backend.read(lambda conn: verbs_reads.audit(conn, trail, limit, before))

    async def deliveries_like(self, start: str, limit: int) -> list[StoredDelivery]:
        return await self._backend.read(lambda conn: verbs_reads.deliveries_like(conn, start, limit))

    async def jobs_like(self, start: str, limit: int) -> list[Job]:
        return await self._backend.read(lambda conn: verbs_reads.jobs_like(conn, start, limit))

    async def entries_like(self, start: str, limit: int) -> list[LedgerEntry]:
        return await self._backend.read(lambda conn: verbs_reads.entries_like(conn, start, limit))

    async def pull(self, repository_id: int, number: int) -> PullState | None:
        return await self._backend.read(lambda conn: verbs_pulls.pull(conn, repository_id, number))

    async def pulls(
        self, limit: int, *, still_open: bool, before: Last | None = None, repository_id: int | None = None
    ) -> list[PullState]:
        return await self._backend.read(lambda conn: verbs_pulls.pulls(conn, limit, still_open, before, repository_id))

    async def queued(self, limit: int) -> list[PullState]:
        return await self._backend.read(lambda conn: verbs_pulls.queued(conn, limit))

    async def latest_change(self) -> int:
        return await self._backend.read(verbs_reads.latest_change)

    # Secrets

    async def get_secret(self, name: str, now: float) -> bytes | None:
        return await self._backend.read(lambda conn: verbs_small.get_secret(conn, name, now))

    async def put_secret(self, name: str, value: bytes, expires_at: float) -> None:
        await self._backend.write(lambda conn: verbs_small.put_secret(conn, name, value, expires_at))

    async def take_secret(self, name: str, now: float) -> bytes | None:
        return await self._backend.write(lambda conn: verbs_small.take_secret(conn, name, now))


def _sqlite_path(url: str) -> Path | None:
    """`sqlite:///data/x.db` is relative, `sqlite:////var/x.db` absolute, as SQLAlchemy has it."""
    path = url.removeprefix("sqlite:///")
    return Path(path) if path and path != url else None


_OFF_LOOP_BYTES = 256 * 1024
"""Making the rows of a larger body would hold the event loop up."""
_GAP_SECONDS = 0.005
"""Between two commits while many deliveries come at once: measured a fifth more of them in a second on either database,
with 30 to a commit instead of 8. One that comes alone waits for nothing."""
