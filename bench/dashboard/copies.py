"""A history many times over, each copy before the last: by the database itself, row for row. Used by `__main__`.

Times lie earlier, ids begin with other characters, pull requests have higher numbers. What stands now (open pull
requests, unfinished jobs) is there once, and so are the totals: one row, however many facts were added up in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pysqlite3
from bench.dashboard.history import SECONDS
from bench.support import report

from forgehand.adapters.sql import schema
from forgehand.domain.projections import DISPATCHES, FAILURES

Table = Any

BY_FACT = (FAILURES, DISPATCHES)
"""Series whose rows have the name of a fact; windows have that of the time at which they begin."""
ENDED = "state NOT IN ('pending', 'claimed', 'running', 'waiting')"


def multiply(url: str, copies: int) -> None:
    """Add so many copies to a database that nobody has open."""
    (_into_sqlite if url.startswith("sqlite") else _into_postgres)(url, copies)


def _into_sqlite(url: str, copies: int) -> None:
    connection = pysqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -1000000")
    connection.execute("PRAGMA wal_autocheckpoint = 100000")
    # Nothing of it is to be folded: its windows are copied too.
    (trigger,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'facts_into_outbox'").fetchone()
    connection.execute("DROP TRIGGER facts_into_outbox")
    for statement in _templates():
        connection.execute(statement)
    for number in range(1, copies + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in _copy(number, "instr"):
            connection.execute(statement)
        connection.execute("COMMIT")
        _progress("SQLite", number, copies)
    connection.execute(trigger)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _into_postgres(url: str, copies: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("ALTER TABLE facts DISABLE TRIGGER facts_into_outbox")
        for statement in _templates():
            connection.execute(statement.encode())
        for number in range(1, copies + 1):
            with connection.transaction():
                for statement in _copy(number, "strpos"):
                    connection.execute(statement.encode())
            _progress("PostgreSQL", number, copies)
        connection.execute("ALTER TABLE facts ENABLE TRIGGER facts_into_outbox")
        # As it would have by itself in the years that this stands for.
        connection.execute("VACUUM ANALYZE")


def _templates() -> Iterator[str]:
    for table, where in (
        (schema.deliveries, "TRUE"),
        (schema.jobs, ENDED),
        (schema.facts, "TRUE"),
        (schema.ledger, "state <> 'unknown'"),
        (schema.pulls, schema.OVER),
        (schema.documents, "key LIKE 'verdict:%'"),
        (schema.projections, f"series IN {BY_FACT} OR series LIKE '%:%'"),
    ):
        yield f"CREATE TEMP TABLE base_{table.name} AS SELECT * FROM {table.name} WHERE {where}"


def _copy(number: int, position: str) -> Iterator[str]:
    # No digit: what begins with one is in the first history already.
    prefix, ago, suffix = f"z{number:03x}", number * SECONDS, f"{number:04}"

    def renamed(*columns: str) -> dict[str, str]:
        return {column: f"'{prefix}' || substr({column}, 5)" for column in columns}

    def earlier(*columns: str) -> dict[str, str]:
        return {column: f"{column} - {ago}.0" for column in columns}

    # `pull/7` is `pull/70001` in the first copy.
    subject = {"subject": f"CASE WHEN subject LIKE 'pull/%' THEN subject || '{suffix}' ELSE subject END"}
    lane = {"lane": f"CASE WHEN lane LIKE '%pull/%' THEN lane || '{suffix}' ELSE lane END"}
    at = f"""{position}(data, '"slot":"')"""
    data = f"CASE WHEN {at} = 0 THEN data ELSE substr(data, 1, {at} + 7) || '{prefix}' || substr(data, {at} + 12) END"
    begun = f"CAST(CAST(name AS BIGINT) - {ago} AS TEXT)"
    name = f"CASE WHEN series IN {BY_FACT} THEN '{prefix}' || substr(name, 5) ELSE {begun} END"
    ended = earlier("created_at", "run_at", "started_at", "ended_at", "due_at")
    yield _insert(schema.deliveries, renamed("guid") | earlier("received_at"))
    yield _insert(schema.jobs, renamed("id", "delivery", "correlation") | ended | subject | lane)
    yield _insert(schema.facts, renamed("id", "delivery", "job") | earlier("at") | {"data": data})
    yield _insert(schema.ledger, renamed("slot", "job", "delivery") | earlier("sent_at", "updated_at") | subject)
    yield _insert(
        schema.pulls, {"number": f"CAST(CAST(number AS TEXT) || '{suffix}' AS BIGINT)"} | earlier("updated_at")
    )
    yield _insert(schema.documents, {"key": f"key || '{suffix}'"} | earlier("updated_at"))
    yield _insert(schema.projections, {"name": name} | earlier("at"))


def _insert(table: Table, changed: Mapping[str, str]) -> str:
    """The rows of the template again, but for these columns; what the database numbers it numbers anew."""
    columns = [column.name for column in table.columns if column.name != "seq"]
    given = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {given} FROM base_{table.name}"


def _progress(store: str, number: int, copies: int) -> None:
    if number % 100 == 0 or number == copies:
        report.say(f"{store}: {number} of {copies} copies")
