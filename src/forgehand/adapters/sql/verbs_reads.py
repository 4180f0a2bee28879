"""What pages and the command line list: each one index range, newest first. Called by `store`."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, LEDGER_COLUMNS, fact_from, job_from, ledger_from
from forgehand.adapters.sql.schema import ABOUT, BY_PEOPLE, WRITTEN
from forgehand.adapters.sql.statements import columns_of, edge, is_postgres, sql
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact, Trail
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.ports.store import StoredDelivery


def deliveries(conn: Connection, limit: int, before: Last | None) -> list[StoredDelivery]:
    return [_delivery_from(row) for row in conn.execute(_DELIVERIES, {**edge(before), "limit": limit})]


def deliveries_like(conn: Connection, start: str, limit: int) -> list[StoredDelivery]:
    found = [_delivery_from(row) for row in conn.execute(_DELIVERIES_FROM, {"start": start, "limit": limit})]
    return [each for each in found if each.delivery.guid.startswith(start)]


def jobs(conn: Connection, limit: int, state: JobState | None, before: Last | None) -> list[Job]:
    at = {**edge(before), "limit": limit}
    if state is None:
        return [job_from(row) for row in conn.execute(_JOBS, at)]
    return [job_from(row) for row in conn.execute(_JOBS_IN_STATE, at | {"state": state.value})]


def jobs_like(conn: Connection, start: str, limit: int) -> list[Job]:
    found = [job_from(row) for row in conn.execute(_JOBS_FROM, {"start": start, "limit": limit})]
    return [each for each in found if each.id.startswith(start)]


def jobs_of(conn: Connection, delivery: str, limit: int) -> list[Job]:
    return [job_from(row) for row in conn.execute(_JOBS_OF, {"delivery": delivery, "limit": limit})]


def jobs_about(conn: Connection, repository_id: int, subject: str, limit: int) -> list[Job]:
    about = {"repository_id": repository_id, "subject": subject, "limit": limit}
    return [job_from(row) for row in conn.execute(_JOBS_ABOUT, about)]


def entries(conn: Connection, limit: int, state: EffectState | None, before: Last | None) -> list[LedgerEntry]:
    at = {**edge(before), "limit": limit}
    if state is None:
        return [ledger_from(row) for row in conn.execute(_ENTRIES, at)]
    return [ledger_from(row) for row in conn.execute(_ENTRIES_IN_STATE, at | {"state": state.value})]


def entries_like(conn: Connection, start: str, limit: int) -> list[LedgerEntry]:
    found = [ledger_from(row) for row in conn.execute(_ENTRIES_FROM, {"start": start, "limit": limit})]
    return [each for each in found if each.slot.startswith(start)]


def entries_of(conn: Connection, job_id: str) -> list[LedgerEntry]:
    return [ledger_from(row) for row in conn.execute(_ENTRIES_OF, {"job": job_id})]


def entries_of_jobs(conn: Connection, job_ids: Sequence[str]) -> list[LedgerEntry]:
    if is_postgres(conn):
        rows = conn.execute(_ENTRIES_OF_JOBS_ON_POSTGRES, {"jobs": list(job_ids)})
    else:
        rows = conn.execute(_ENTRIES_OF_JOBS_ON_SQLITE, {"jobs": json.dumps(list(job_ids))})
    # Several ranges of the index: put in order here, as no database does without sorting.
    return sorted(map(ledger_from, rows), key=lambda entry: (entry.updated_at, entry.slot), reverse=True)


def facts_of(conn: Connection, delivery: str | None, job: str | None, limit: int) -> list[Fact]:
    if delivery is not None:
        rows = conn.execute(_FACTS_OF_DELIVERY, {"delivery": delivery, "limit": limit})
    else:
        rows = conn.execute(_FACTS_OF_JOB, {"job": job, "limit": limit})
    return [fact_from(row) for row in rows]


def audit(conn: Connection, trail: Trail, limit: int, before: Last | None) -> list[Fact]:
    statement = _BY_PEOPLE if trail is Trail.PEOPLE else _WRITTEN
    return [fact_from(row) for row in conn.execute(statement, {**edge(before), "limit": limit})]


def latest_change(conn: Connection) -> int:
    return int(conn.execute(_TRANSACTIONS if is_postgres(conn) else _CHANGES).scalar() or 0)


def version(conn: Connection) -> str:
    """What answers, such as `SQLite 3.53.4`."""
    if is_postgres(conn):
        return f"PostgreSQL {conn.execute(sql('SHOW server_version')).scalar_one()}"
    return f"SQLite {conn.execute(sql('SELECT sqlite_version()')).scalar_one()}"


def _delivery_from(row: Any) -> StoredDelivery:
    return StoredDelivery(
        Delivery(guid=row.guid, event=row.event, body=b"", received_at=row.received_at), row.duplicates
    )


_JOB = columns_of(JOB_COLUMNS)
_ENTRY = columns_of(LEDGER_COLUMNS)
_FACT = columns_of(FACT_COLUMNS)
_NEWEST_JOBS = " ORDER BY created_at DESC, id DESC"
_NEWEST_ENTRIES = " ORDER BY updated_at DESC, slot DESC"
_ENTRIES_BEFORE = f"(updated_at, slot) < (:before, :last){_NEWEST_ENTRIES} LIMIT :limit"

_DELIVERIES = sql(
    "SELECT guid, event, received_at, duplicates FROM deliveries WHERE (received_at, guid) < (:before, :last)"
    " ORDER BY received_at DESC, guid DESC LIMIT :limit"
)
# Without an upper bound: where a database sorts by the rules of a language, there is no text just after all those that
# begin so. They are the first ones anyway.
_DELIVERIES_FROM = sql(
    "SELECT guid, event, received_at, duplicates FROM deliveries WHERE guid >= :start ORDER BY guid LIMIT :limit"
)
_JOBS_FROM = sql(f"SELECT {_JOB} FROM jobs WHERE id >= :start ORDER BY id LIMIT :limit")  # noqa: S608
_JOBS = sql(f"SELECT {_JOB} FROM jobs WHERE (created_at, id) < (:before, :last){_NEWEST_JOBS} LIMIT :limit")  # noqa: S608
_JOBS_IN_STATE = sql(
    f"SELECT {_JOB} FROM jobs WHERE state = :state AND (created_at, id) < (:before, :last){_NEWEST_JOBS} LIMIT :limit"  # noqa: S608
)
_JOBS_OF = sql(
    f"SELECT {_JOB} FROM jobs WHERE delivery IS NOT NULL AND delivery = :delivery"  # noqa: S608
    " ORDER BY created_at, id LIMIT :limit"
)
_JOBS_ABOUT = sql(
    f"SELECT {_JOB} FROM jobs WHERE {ABOUT} AND repository_id = :repository_id AND subject = :subject"  # noqa: S608
    f"{_NEWEST_JOBS} LIMIT :limit"
)
_ENTRIES = sql(f"SELECT {_ENTRY} FROM ledger WHERE {_ENTRIES_BEFORE}")  # noqa: S608
_ENTRIES_IN_STATE = sql(
    f"SELECT {_ENTRY} FROM ledger WHERE state = :state AND {_ENTRIES_BEFORE}"  # noqa: S608
)
_ENTRIES_FROM = sql(f"SELECT {_ENTRY} FROM ledger WHERE slot >= :start ORDER BY slot LIMIT :limit")  # noqa: S608
_ENTRIES_OF = sql(f"SELECT {_ENTRY} FROM ledger WHERE job = :job{_NEWEST_ENTRIES}")  # noqa: S608
_ENTRIES_OF_JOBS_ON_SQLITE = sql(
    f"SELECT {columns_of(LEDGER_COLUMNS, 'ledger')} FROM json_each(:jobs) AS keys CROSS JOIN ledger"  # noqa: S608
    " ON ledger.job = keys.value"
)
_ENTRIES_OF_JOBS_ON_POSTGRES = sql(f"SELECT {_ENTRY} FROM ledger WHERE job = ANY(:jobs)")  # noqa: S608
_FACTS_OF_DELIVERY = sql(
    f"SELECT {_FACT} FROM facts WHERE delivery IS NOT NULL AND delivery = :delivery ORDER BY at, seq LIMIT :limit"  # noqa: S608
)
_FACTS_OF_JOB = sql(f"SELECT {_FACT} FROM facts WHERE job IS NOT NULL AND job = :job ORDER BY at, seq LIMIT :limit")  # noqa: S608
_AUDITED = " AND (at, id) < (:before, :last) ORDER BY at DESC, id DESC LIMIT :limit"
_BY_PEOPLE = sql(f"SELECT {_FACT} FROM facts WHERE {BY_PEOPLE}{_AUDITED}")  # noqa: S608
_WRITTEN = sql(f"SELECT {_FACT} FROM facts WHERE {WRITTEN}{_AUDITED}")  # noqa: S608
_CHANGES = sql("SELECT number FROM changes WHERE name = 'all'")
# How many transactions have ended: everything below the snapshot's end, but for those still under way. It grows with
# every commit and costs no write; a counter row would make all commits wait for each other.
_TRANSACTIONS = sql(
    "SELECT pg_snapshot_xmax(now.it)::text::bigint - (SELECT count(*) FROM pg_snapshot_xip(now.it))"
    " FROM (SELECT pg_current_snapshot() AS it) AS now"
)
