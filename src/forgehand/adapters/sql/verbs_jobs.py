"""Who runs what: claims, leases, settling, and every other step of a job. Called by `store`, each in one transaction.

On SQLite a write transaction is alone. On PostgreSQL (READ COMMITTED) rows are locked as they are read, and whatever
was decided on them holds until the commit.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import JOB_COLUMNS, clean, job_from, to_json
from forgehand.adapters.sql.schema import HELD, PENDING, WAITING
from forgehand.adapters.sql.statements import columns_of, insert_new, locking, sql
from forgehand.adapters.sql.verbs_changes import apply, save, save_if_held
from forgehand.adapters.sql.verbs_once import take_once
from forgehand.domain.jobs import Change, Job, JobState
from forgehand.ports.store import Fence, Unclaimed, Written


def any_due(conn: Connection, now: float) -> bool:
    """Whether `claim_due` might give something: read without locks, as a snapshot."""
    return conn.execute(_DUE_PRIORITIES, {"now": now}).first() is not None


def any_overdue(conn: Connection, now: float, grace: float) -> bool:
    """Whether `reclaim` would find something: read without locks, as a snapshot."""
    return conn.execute(_ANY_OVERDUE, {"before": now - grace}).first() is not None


def claim_due(conn: Connection, holder: str, lease: float, now: float, limit: int) -> list[Job]:
    claimed: list[Job] = []
    for priority in conn.execute(_DUE_PRIORITIES, {"now": now}).scalars().all():
        while len(claimed) < limit:
            wanted = limit - len(claimed)
            at = {"priority": priority, "now": now, "limit": wanted}
            due = [job_from(row) for row in conn.execute(sql(_DUE + locking(conn, skip=True)), at)]
            got = _hold(conn, due, holder, lease, now)
            claimed += got
            if not got or len(due) < wanted:
                break
    return claimed


def claim(conn: Connection, job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
    found = job(conn, job_id, lock=True)
    if found is None or found.state.ended or found.state is JobState.WAITING:
        return Unclaimed.GONE
    if found.state.held:
        return Unclaimed.BUSY
    got = _hold(conn, [found], holder, lease, now)
    return got[0] if got else Unclaimed.HELD


def renew(conn: Connection, fence: Fence, lease: float, now: float) -> bool:
    at = {"id": fence.job, "fence": fence.number, "until": now + lease}
    return conn.execute(_RENEW, at).first() is not None


def settle(conn: Connection, change: Change, fence: Fence, now: float) -> Written:
    if not _settle_row(conn, change.job, fence):
        return Written.FENCE_LOST
    take_once(conn, change)
    apply(conn, change, now)
    return Written.YES


def commit(conn: Connection, change: Change, now: float) -> None:
    apply(conn, change, now)


def reclaim(conn: Connection, now: float, grace: float) -> list[Job]:
    lost = conn.execute(sql(_OVERDUE + locking(conn, skip=True)), {"before": now - grace}).all()
    return [_take_back(conn, job_from(row), "its lease ran out", now) for row in lost]


def release(conn: Connection, holder: str, now: float) -> list[Job]:
    left = conn.execute(sql(_HELD_BY + locking(conn)), {"holder": holder}).all()
    return [_take_back(conn, job_from(row), f"its holder {holder} died", now) for row in left]


def cancel(conn: Connection, job_id: str, why: str, now: float) -> bool:
    found = job(conn, job_id, lock=True)
    if found is None or found.state.ended:
        return False
    # One fence higher: the holder, if there is one, can write nothing more.
    ended = replace(_freed(found), state=JobState.CANCELLED, why=why, fence=found.fence + 1, ended_at=now)
    save(conn, ended, now, found.state)
    return True


def retry(conn: Connection, job_id: str, now: float) -> bool:
    found = job(conn, job_id, lock=True)
    if found is None or not (found.state.ended or found.state is JobState.WAITING):
        return False
    save(conn, replace(_again(found, now), attempts=0, result=None), now, found.state)
    return True


def wake(conn: Connection, waiting_for: str, now: float) -> list[str]:
    rows = conn.execute(sql(_WAITING_FOR + locking(conn)), {"waiting_for": waiting_for}).all()
    woken = [_again(job_from(row), now) for row in rows]
    for job in woken:
        save(conn, job, now, JobState.WAITING)
    return [job.id for job in woken]


def job(conn: Connection, job_id: str, *, lock: bool = False) -> Job | None:
    row = conn.execute(sql(_JOB + (locking(conn) if lock else "")), {"id": job_id}).first()
    return None if row is None else job_from(row)


def holders(conn: Connection) -> frozenset[str]:
    return frozenset(conn.execute(_HOLDERS).scalars())


def next_due(conn: Connection, after: float) -> float | None:
    due: float | None = conn.execute(_NEXT_DUE, {"after": after}).scalar_one()
    return due


def latest_job(conn: Connection, lane: str) -> Job | None:
    row = conn.execute(_LATEST, {"lane": lane}).first() if lane else None
    return None if row is None else job_from(row)


def holds(conn: Connection, fence: Fence, lease_beyond: float | None = None) -> bool:
    """Whether the job is held under the fence (and, where given, its lease reaches beyond that time); locks its row."""
    at = {"id": fence.job, "fence": fence.number}
    row = conn.execute(sql(_HOLDS + locking(conn)), at).first()
    return row is not None and (lease_beyond is None or row.lease_until > lease_beyond)


def _hold(conn: Connection, jobs: Sequence[Job], holder: str, lease: float, now: float) -> list[Job]:
    """Claim those of the pending `jobs` (whose rows are ours) that get their key."""
    wanted = {job.key: job for job in reversed(jobs) if job.key}
    # Sorted, so that two claimers of the same keys wait for each other instead of deadlocking.
    locks = [(key, wanted[key].id, wanted[key].fence + 1) for key in sorted(wanted)]
    keys = insert_new(conn, schema.key_locks, ("key", "job", "fence"), locks, "key")
    free = [job.id for job in jobs if not job.key or (job.key in keys and wanted[job.key].id == job.id)]
    if not free:
        return []
    at = {"ids": free, "holder": holder, "until": now + lease, "now": now}
    held = {row[0]: job_from(row) for row in conn.execute(_CLAIM, at)}
    return [held[job_id] for job_id in free]


def _settle_row(conn: Connection, job: Job | None, fence: Fence) -> bool:
    if job is not None and not job.state.held:
        return save_if_held(conn, replace(job, fence=fence.number, holder=None, lease_until=None))
    if not holds(conn, fence):
        return False
    if job is not None:
        # A step in the middle of the work. The lease is the heartbeat's, who may have renewed it since.
        conn.execute(_STEP, {"id": job.id, "payload": to_json(job.payload), "why": clean(job.why)})
    return True


def _take_back(conn: Connection, job: Job, why: str, now: float) -> Job:
    if job.attempts >= job.max_attempts:
        text = f"gave up after {job.attempts} attempts: {why}"
        taken = replace(_freed(job), state=JobState.DEAD_LETTER, why=text, ended_at=now)
    else:
        taken = replace(_freed(job), state=JobState.PENDING, why=why)
    save(conn, taken, now, job.state)
    return taken


def _again(job: Job, now: float) -> Job:
    return replace(_freed(job), state=JobState.PENDING, run_at=now, why="", ended_at=None)


def _freed(job: Job) -> Job:
    return replace(job, holder=None, lease_until=None, waiting_for="")


PRIORITIES = "(VALUES (9), (8), (7), (6), (5), (4), (3), (2), (1), (0)) AS levels"
CLAIMED = (
    "state = 'claimed', attempts = attempts + 1, fence = fence + 1, holder = :holder, lease_until = :until,"
    " started_at = :now, ended_at = NULL"
)
_JOB_COLUMNS = columns_of(JOB_COLUMNS)
FREE = "(key = '' OR NOT EXISTS (SELECT 1 FROM key_locks WHERE key_locks.key = jobs.key))"

_DUE_PRIORITIES = sql(
    f"SELECT levels.column1 FROM {PRIORITIES} WHERE EXISTS"  # noqa: S608
    f" (SELECT 1 FROM jobs WHERE {PENDING} AND priority = levels.column1 AND due_at <= :now)"
    " ORDER BY levels.column1 DESC"
)
_NEXT_DUE = sql(
    f"SELECT min(due) FROM (SELECT (SELECT min(due_at) FROM jobs WHERE {PENDING}"  # noqa: S608
    f" AND priority = levels.column1 AND due_at > :after) AS due FROM {PRIORITIES}) AS earliest"
)
_DUE = (
    f"SELECT {_JOB_COLUMNS} FROM jobs WHERE {PENDING} AND priority = :priority AND due_at <= :now AND {FREE}"  # noqa: S608
    " ORDER BY due_at, id LIMIT :limit"
)
_CLAIM = sql(
    f"UPDATE jobs SET {CLAIMED} WHERE id IN :ids RETURNING {_JOB_COLUMNS}"  # noqa: S608
).bindparams(bindparam("ids", expanding=True))
_RENEW = sql(
    f"UPDATE jobs SET state = 'running', lease_until = :until WHERE id = :id AND fence = :fence AND {HELD}"  # noqa: S608
    " RETURNING id"
)
_HOLDS = f"SELECT lease_until FROM jobs WHERE id = :id AND fence = :fence AND {HELD}"  # noqa: S608
_STEP = sql("UPDATE jobs SET payload = :payload, why = :why WHERE id = :id")
_OVERDUE = f"SELECT {_JOB_COLUMNS} FROM jobs WHERE {HELD} AND lease_until < :before ORDER BY lease_until, id"  # noqa: S608
_ANY_OVERDUE = sql(f"SELECT 1 FROM jobs WHERE {HELD} AND lease_until < :before LIMIT 1")  # noqa: S608
_HELD_BY = f"SELECT {_JOB_COLUMNS} FROM jobs WHERE {HELD} AND holder = :holder ORDER BY id"  # noqa: S608
_WAITING_FOR = f"SELECT {_JOB_COLUMNS} FROM jobs WHERE {WAITING} AND waiting_for = :waiting_for ORDER BY id"  # noqa: S608
_JOB = f"SELECT {_JOB_COLUMNS} FROM jobs WHERE id = :id"  # noqa: S608
_HOLDERS = sql(f"SELECT DISTINCT holder FROM jobs WHERE {HELD}")  # noqa: S608
_LATEST = sql(
    f"SELECT {_JOB_COLUMNS} FROM jobs WHERE lane <> '' AND lane = :lane"  # noqa: S608
    " ORDER BY generation DESC LIMIT 1"
)
