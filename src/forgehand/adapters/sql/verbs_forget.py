"""What is old goes, some rows at a time, oldest first. Called by `store`, each in one transaction.

Each select walks an index from its oldest end and stops at `most` rows.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, fact_from, job_from
from forgehand.adapters.sql.schema import GOES, OVER, PASSING
from forgehand.adapters.sql.statements import columns_of, sql
from forgehand.adapters.sql.verbs_changes import put_facts
from forgehand.adapters.sql.verbs_folding import BASE, projections_named, put
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Job, JobState, forgotten_fact
from forgehand.domain.projections import lasting, rows_after


def forget(conn: Connection, before: float, now: float, most: int) -> int:
    old = {"before": before, "most": most}
    facts = [fact_from(row) for row in conn.execute(_FACTS, old)]
    passed = len(conn.execute(_PROJECTIONS, old).all())
    if facts or passed:
        # Also the lock under which only one at a time reads and writes what is kept of them.
        conn.execute(_FORGOT, old)
        _keep_what_they_added(conn, facts)
    jobs = [job_from(row) for row in conn.execute(_JOBS, old)]
    _tell_dead_letters(conn, jobs, now)
    gone = sum(len(conn.execute(statement, old).all()) for statement in (_DELIVERIES, *_LEFT_BEHIND))
    return len(facts) + passed + len(jobs) + gone + len(conn.execute(_SECRETS, {"now": now}).all())


def _keep_what_they_added(conn: Connection, facts: Sequence[Fact]) -> None:
    """Or the rows that stay could not be made anew."""
    steps = lasting(facts)
    put(conn, rows_after(steps, projections_named(conn, list(steps), BASE)), BASE)


def _tell_dead_letters(conn: Connection, jobs: Sequence[Job], now: float) -> None:
    put_facts(conn, [forgotten_fact(job, now) for job in jobs if job.state is JobState.DEAD_LETTER])


_DELIVERIES = sql(
    "DELETE FROM deliveries WHERE guid IN"
    " (SELECT guid FROM deliveries WHERE received_at < :before ORDER BY received_at, guid LIMIT :most) RETURNING guid"
)
# They are written in the order of their time, near enough: only the oldest few are looked at, not the whole history.
_FACTS = sql(
    "DELETE FROM facts WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM facts ORDER BY seq LIMIT :most) AS oldest"  # noqa: S608
    " WHERE at < :before AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.fact = oldest.seq))"
    f" RETURNING {columns_of(FACT_COLUMNS)}"
)
_PROJECTIONS = sql(
    "DELETE FROM projections WHERE (edition, series, name) IN (SELECT edition, series, name FROM projections"  # noqa: S608
    " WHERE edition = COALESCE((SELECT edition FROM projectors WHERE name = 'all'), 1)"
    f" AND {PASSING} AND at < :before ORDER BY at, series, name LIMIT :most) RETURNING name"
)
_FORGOT = sql(
    "INSERT INTO projectors (name, holder, until, fence, edition, forgotten, forgets)"
    " VALUES ('all', '', 0, 1, 1, :before, 1) ON CONFLICT (name) DO UPDATE SET forgets = projectors.forgets + 1,"
    " forgotten = CASE WHEN excluded.forgotten > projectors.forgotten"
    " THEN excluded.forgotten ELSE projectors.forgotten END"
)
# The newest job of a lane stays: the poll asks it what was said last.
_JOBS = sql(
    "DELETE FROM jobs WHERE id IN (SELECT jobs.id FROM jobs LEFT JOIN lanes ON lanes.lane = jobs.lane"  # noqa: S608
    " WHERE jobs.created_at < :before AND jobs.ended_at < :before"
    " AND (lanes.generation IS NULL OR jobs.generation < lanes.generation)"
    f" ORDER BY jobs.created_at, jobs.id LIMIT :most) RETURNING {columns_of(JOB_COLUMNS)}"
)
_LEFT_BEHIND = (
    sql(
        "DELETE FROM documents WHERE key IN"  # noqa: S608
        f" (SELECT key FROM documents WHERE {GOES} AND updated_at < :before ORDER BY updated_at, key LIMIT :most)"
        " RETURNING key"
    ),
    sql(
        "DELETE FROM pulls WHERE (repository_id, number) IN"  # noqa: S608
        f" (SELECT repository_id, number FROM pulls WHERE {OVER} AND updated_at < :before"
        " ORDER BY updated_at, repository_id, number LIMIT :most) RETURNING number"
    ),
)
_SECRETS = sql("DELETE FROM secrets WHERE expires_at < :now RETURNING name")
