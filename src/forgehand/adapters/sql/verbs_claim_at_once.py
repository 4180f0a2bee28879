"""Claiming what is due as one statement, on PostgreSQL. Called by `store`.

A job starts when its claim is answered: begin, two looks, the claim and commit are five answers to wait for.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from forgehand.adapters.sql.rows import JOB_COLUMNS, due_at, job_from
from forgehand.adapters.sql.schema import PENDING
from forgehand.adapters.sql.statements import columns_of, sql
from forgehand.adapters.sql.verbs_jobs import CLAIMED, FREE, PRIORITIES
from forgehand.domain.jobs import Job


def claim_at_once(conn: Connection, holder: str, lease: float, now: float, limit: int) -> tuple[list[Job], bool]:
    """What `claim_due` gives, and whether that is all: others may have been at some of the same jobs, or at their keys,
    and then there may be more behind those."""
    at = {"holder": holder, "until": now + lease, "now": now, "limit": limit}
    rows: Sequence[Any] = conn.execute(_CLAIM_DUE, at).all()
    jobs = [job_from(row[1:]) for row in rows if row[1] is not None]
    # An UPDATE gives its rows in no order.
    jobs.sort(key=lambda job: (-job.priority, due_at(job), job.id))
    return jobs, len(jobs) == rows[0][0]


_COLUMNS = columns_of(JOB_COLUMNS)

# Each priority has its own part of the index. Candidates are chosen without locks; who of them is still to be had, and
# gets its key, is ours. Keys are taken in order, so that two claimers wait for each other instead of deadlocking.
_CLAIM_DUE = sql(
    "WITH candidates AS MATERIALIZED (SELECT due.id FROM"  # noqa: S608  (our own names)
    f" {PRIORITIES}, LATERAL (SELECT id, due_at FROM jobs WHERE {PENDING}"
    f" AND priority = levels.column1 AND due_at <= :now AND {FREE} ORDER BY due_at, id LIMIT :limit) AS due"
    " ORDER BY levels.column1 DESC, due.due_at, due.id LIMIT :limit),"
    " ours AS MATERIALIZED (SELECT id, key, fence, priority, due_at FROM jobs"
    f" WHERE id IN (SELECT id FROM candidates) AND {PENDING} FOR UPDATE SKIP LOCKED),"
    " keyed AS (INSERT INTO key_locks (key, job, fence) SELECT DISTINCT ON (key) key, id, fence + 1 FROM ours"
    " WHERE key <> '' ORDER BY key, priority DESC, due_at, id ON CONFLICT DO NOTHING RETURNING job),"
    " claimed AS (UPDATE jobs SET"
    f" {CLAIMED} WHERE id IN (SELECT id FROM ours WHERE key = '' UNION ALL SELECT job FROM keyed)"
    f" RETURNING {_COLUMNS})"
    f" SELECT (SELECT count(*) FROM candidates), {columns_of(JOB_COLUMNS, 'claimed')}"
    " FROM (SELECT 1) AS always LEFT JOIN claimed ON TRUE"
)
