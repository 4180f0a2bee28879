"""A batch of deliveries with their jobs and facts as one statement, on PostgreSQL. Called by `verbs_intake`.

Begin, three inserts and commit are five answers to wait for, and each costs the intake a change of threads and some
100 µs of Python. One statement is its own transaction, and its commit comes with its only answer.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, Table

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import DELIVERY_COLUMNS, FACT_COLUMNS, JOB_COLUMNS, Row
from forgehand.adapters.sql.statements import NEW_ONLY, columns_of, given_as_arrays, rows_from_arrays, send


def insert_at_once(conn: Connection, deliveries: Sequence[Row], jobs: Sequence[Row], facts: Sequence[Row]) -> set[str]:
    """Insert the deliveries that are not there yet, and those jobs and facts that belong to them; gives their GUIDs."""
    equal, parameters = given_as_arrays(schema.deliveries, DELIVERY_COLUMNS, deliveries)
    shapes = [equal]
    for table, columns, rows in ((schema.jobs, JOB_COLUMNS, jobs), (schema.facts, FACT_COLUMNS, facts)):
        equal, given = given_as_arrays(table, columns, rows) if rows else ((), ())
        shapes.append(equal)
        parameters += given
    return {row[0] for row in send(conn, _statement(*shapes), parameters)}


@lru_cache(1024)
def _statement(deliveries: tuple[bool, ...], jobs: tuple[bool, ...], facts: tuple[bool, ...]) -> str:
    """For each table which columns are equal in all rows; an empty one where there are no rows."""
    selected = rows_from_arrays(schema.deliveries, DELIVERY_COLUMNS, deliveries)
    parts = [
        f"new AS (INSERT INTO deliveries ({columns_of(DELIVERY_COLUMNS)}) SELECT {selected}{NEW_ONLY} RETURNING guid)"
    ]
    if jobs:
        parts.append(f"their_jobs AS ({_of_new_ones(schema.jobs, JOB_COLUMNS, jobs)})")
    if facts:
        parts.append(f"their_facts AS ({_of_new_ones(schema.facts, FACT_COLUMNS, facts)})")
    return f"WITH {', '.join(parts)} SELECT guid FROM new"  # noqa: S608  (our own names)


def _of_new_ones(table: Table, columns: tuple[str, ...], equal: tuple[bool, ...]) -> str:
    names = columns_of(columns)
    return (
        f"INSERT INTO {table.name} ({names})"  # noqa: S608  (our own names)
        f" SELECT {names} FROM (SELECT {rows_from_arrays(table, columns, equal)}) AS given ({names})"
        f" WHERE delivery IN (SELECT guid FROM new){NEW_ONLY}"
    )
