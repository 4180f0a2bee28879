"""What is old goes, some rows at a time, oldest first. Called by `store`, each in one transaction.

Each select walks an index from its oldest end and stops at `most` rows. On the way to those of jobs and of the ledger
stand old rows that are still needed, so that they are looked for before, while nobody waits for SQLite's write lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam

from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, fact_from, job_from
from forgehand.adapters.sql.schema import ABOUT, GOES, OPEN, OVER, PASSING
from forgehand.adapters.sql.statements import columns_of, is_postgres, sql
from forgehand.adapters.sql.verbs_changes import put_facts
from forgehand.adapters.sql.verbs_folding import BASE, projections_named, put
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Job, JobState, forgotten_fact
from forgehand.domain.projections import lasting, rows_after


@dataclass(frozen=True, slots=True)
class Over:
    """Jobs by their ids, and entries of the ledger by their slots, that nothing needs any more."""

    jobs: Sequence[str]
    slots: Sequence[str]


def find_over(conn: Connection, before: float, most: int) -> Over:
    old = {"before": before, "most": most}
    jobs = conn.execute(sql(_OVER_JOBS.format(open=_open_pull(conn, "jobs"))), old).scalars().all()
    slots = conn.execute(sql(_OVER_ENTRIES.format(open=_open_pull(conn, "ledger"))), old).scalars().all()
    return Over(jobs, slots)


def forget(conn: Connection, before: float, now: float, most: int, over: Over) -> int:
    old = {"before": before, "most": most}
    facts = [fact_from(row) for row in conn.execute(_FACTS, old)]
    passed = len(conn.execute(_PROJECTIONS, old).all())
    if facts or passed:
        # Also the lock under which only one at a time reads and writes what is kept of them.
        conn.execute(_FORGOT, old)
        _keep_what_they_added(conn, facts)
    gone = _forget_jobs(conn, over.jobs, before, now)
    if over.slots:
        gone += len(conn.execute(_ENTRIES, {"slots": over.slots, "before": before}).all())
    gone += sum(len(conn.execute(statement, old).all()) for statement in (_DELIVERIES, *_LEFT_BEHIND))
    return len(facts) + passed + gone + len(conn.execute(_SECRETS, {"now": now}).all())


def _keep_what_they_added(conn: Connection, facts: Sequence[Fact]) -> None:
    """Or the rows that stay could not be made anew."""
    steps = lasting(facts)
    put(conn, rows_after(steps, projections_named(conn, list(steps), BASE)), BASE)


def _forget_jobs(conn: Connection, ids: Sequence[str], before: float, now: float) -> int:
    """And the lanes of which none is left; the highest generation of those is kept."""
    if not ids:
        return 0
    jobs = [job_from(row) for row in conn.execute(_JOBS, {"ids": ids, "before": before})]
    lanes = sorted({job.lane for job in jobs if job.lane})
    if lanes and (reached := max(conn.execute(_LANES, {"lanes": lanes}).scalars(), default=0)):
        conn.execute(_REACHED, {"generation": reached})
    _tell_dead_letters(conn, jobs, now)
    return len(jobs)


def _open_pull(conn: Connection, table: str) -> str:
    """What is NULL but where a row of this table is about a pull request that is open."""
    number = (
        f"substring({table}.subject FROM '^pull/([0-9]{{1,18}})$')"
        if is_postgres(conn)
        else f"substr({table}.subject, 6)"
    )
    return (
        f"(SELECT 1 FROM pulls WHERE pulls.repository_id = {table}.repository_id AND pulls.number ="  # noqa: S608
        f" CAST({number} AS BIGINT) AND 'pull/' || pulls.number = {table}.subject AND pulls.{OPEN} LIMIT 1)"
    )


def _tell_dead_letters(conn: Connection, jobs: Sequence[Job], now: float) -> None:
    put_facts(conn, [forgotten_fact(job, now) for job in jobs if job.state is JobState.DEAD_LETTER])


_SETTLED = "state NOT IN ('intended', 'sending', 'unknown')"
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
# Whether there is another row is asked as `(SELECT 1 … LIMIT 1) IS NULL`, a look into an index for each row on the way:
# for NOT EXISTS PostgreSQL may read the whole other table.
_OVER_JOBS = (
    "SELECT jobs.id FROM jobs WHERE jobs.created_at < :before AND jobs.ended_at < :before AND (jobs.lane = ''"
    " OR {open} IS NULL"
    " OR (SELECT 1 FROM lanes WHERE lanes.lane = jobs.lane AND lanes.generation <= jobs.generation LIMIT 1) IS NULL)"
    " ORDER BY jobs.created_at, jobs.id LIMIT :most"
)
# Where something may have been started twice, what else was started then tells which is which: that stays, too.
_OVER_ENTRIES = (
    "SELECT ledger.slot FROM ledger WHERE ledger.updated_at < :before"  # noqa: S608
    f" AND ledger.{_SETTLED} AND {{open}} IS NULL"
    " AND (SELECT 1 FROM jobs WHERE jobs.id = ledger.job LIMIT 1) IS NULL"
    " AND (ledger.sha <> '' OR (SELECT 1 FROM jobs WHERE jobs.repository_id = ledger.repository_id"
    f" AND jobs.subject = ledger.subject AND jobs.{ABOUT} LIMIT 1) IS NULL)"
    " AND (SELECT 1 FROM ledger AS others WHERE others.state = 'unknown'"
    " AND others.kind = ledger.kind AND others.repository_id = ledger.repository_id LIMIT 1) IS NULL"
    " ORDER BY ledger.updated_at, ledger.slot LIMIT :most"
)
_JOBS = sql(
    f"DELETE FROM jobs WHERE id IN :ids AND ended_at < :before RETURNING {columns_of(JOB_COLUMNS)}"  # noqa: S608
).bindparams(bindparam("ids", expanding=True))
_LANES = sql(
    "DELETE FROM lanes WHERE lane IN :lanes"
    " AND (SELECT 1 FROM jobs WHERE jobs.lane <> '' AND jobs.lane = lanes.lane LIMIT 1) IS NULL RETURNING generation"
).bindparams(bindparam("lanes", expanding=True))
_REACHED = sql(
    "INSERT INTO lanes (lane, generation) VALUES ('', :generation) ON CONFLICT (lane) DO UPDATE SET generation ="
    " CASE WHEN excluded.generation > lanes.generation THEN excluded.generation ELSE lanes.generation END"
)
_ENTRIES = sql(
    f"DELETE FROM ledger WHERE slot IN :slots AND updated_at < :before AND {_SETTLED} RETURNING slot"  # noqa: S608
).bindparams(bindparam("slots", expanding=True))
_LEFT_BEHIND = (
    sql(
        "DELETE FROM documents WHERE key IN"  # noqa: S608
        f" (SELECT key FROM documents WHERE {GOES} AND updated_at < :before ORDER BY updated_at, key LIMIT :most)"
        " RETURNING key"
    ),
    sql(
        "DELETE FROM marks WHERE key IN"  # noqa: S608
        f" (SELECT key FROM marks WHERE {GOES} AND updated_at < :before ORDER BY updated_at, key LIMIT :most)"
        " RETURNING key"
    ),
    sql(
        "DELETE FROM pulls WHERE (repository_id, number) IN"  # noqa: S608
        f" (SELECT repository_id, number FROM pulls WHERE {OVER} AND updated_at < :before"
        " ORDER BY updated_at, repository_id, number LIMIT :most) RETURNING number"
    ),
)
_SECRETS = sql("DELETE FROM secrets WHERE expires_at < :now RETURNING name")
