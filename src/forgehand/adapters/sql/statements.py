"""The few helpers with which the verbs speak SQL on both dialects. Called by the verbs only.

The hot statements insert many rows at once, and send a column in which all rows are equal once: the planning jobs of a
batch differ in 7 of 31 columns. On SQLite by one VALUES: one step of the driver writes many rows, so the writer thread
hands the interpreter over once instead of once a row. On PostgreSQL by one array a column (see `arrays`): psycopg reads
a statement of hundreds of parameters anew each time, a short one it keeps prepared.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Double, Integer, LargeBinary, Table, Text, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from forgehand.adapters.sql.arrays import array_of
from forgehand.adapters.sql.rows import Row
from forgehand.domain.paging import Last

_MOST_ROWS = 64
_MOST_SHAPES = 1024
"""Statements kept: in the life of a process few of the possible ones are met."""


def is_postgres(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


def insert_rows(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], end: str = "") -> None:
    """Insert rows. `end` is the statement's last clause, such as `NEW_ONLY`."""
    for statement, parameters in _inserts(conn, table, columns, rows, end):
        send(conn, statement, parameters)


def insert_new(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], key: str) -> set[str]:
    """Insert the rows whose primary key is not there yet; gives the keys (column `key`) of those inserted."""
    inserted: set[str] = set()
    for statement, parameters in _inserts(conn, table, columns, rows, f"{NEW_ONLY} RETURNING {_quoted(key)}"):
        inserted.update(found[0] for found in send(conn, statement, parameters))
    return inserted


def send(conn: Connection, statement: str, parameters: Row) -> Iterable[Sequence[Any]]:
    """Execute a hot statement as the driver takes it; gives its rows. Without SQLAlchemy, whose bookkeeping takes as
    long as a statement; `errors.told` knows what is raised. On PostgreSQL SQLAlchemy does not learn from it that a
    connection was lost: whoever keeps the connection must look."""
    driver: Any = conn.connection.driver_connection
    if not is_postgres(conn):
        rows: Iterable[Sequence[Any]] = driver.execute(statement, parameters)
        return rows
    of_driver = conn.dialect.loaded_dbapi.Error
    try:
        cursor = driver.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else ()
    except of_driver as error:
        lost = bool(driver.closed)
        raise DBAPIError.instance(
            None, None, error, of_driver, hide_parameters=True, connection_invalidated=lost, dialect=conn.dialect
        ) from error


NEW_ONLY = " ON CONFLICT DO NOTHING"


def locking(conn: Connection, *, skip: bool = False) -> str:
    """The clause that locks the rows read, where the dialect has one. SQLite's write transaction locks everything."""
    if not is_postgres(conn):
        return ""
    return " FOR UPDATE SKIP LOCKED" if skip else " FOR UPDATE"


@cache
def sql(statement: str) -> TextClause:
    """A statement with `:name` parameters, made once."""
    return text(statement)


def edge(before: Last | None) -> dict[str, float | str]:
    """Where a page begins, as parameters. A first page has an edge too, later than every time, so that the statement
    (and its plan) is always the same."""
    return {"before": 1e18, "last": ""} if before is None else {"before": before.at, "last": before.id}


def columns_of(names: tuple[str, ...], table: str = "") -> str:
    prefix = f"{table}." if table else ""
    return ", ".join(prefix + _quoted(name) for name in names)


def _inserts(
    conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], end: str
) -> Iterator[tuple[str, Row]]:
    if not rows:
        return
    if is_postgres(conn):
        equal, given = given_as_arrays(table, columns, rows)
        yield _insert_arrays(table, columns, equal, end), given
        return
    if len(rows) == 1:
        yield _insert_one(table, columns, end), rows[0]
        return
    for start in range(0, len(rows), _MOST_ROWS):
        part = rows[start : start + _MOST_ROWS]
        equal, given = _given_as_rows(part)
        yield _insert_values(table, columns, equal, len(part), end), given


def given_as_arrays(table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> tuple[tuple[bool, ...], Row]:
    """For each column whether all rows are equal there (never said of the first, the key), and the parameters: one
    array, or the one value."""
    values = list(zip(*rows, strict=True))
    equal = _equal(values)
    return equal, tuple(
        [
            column[0] if same else array_of(kind, column)
            for column, kind, same in zip(values, _types(table, columns), equal, strict=True)
        ]
    )


@cache
def _types(table: Table, columns: tuple[str, ...]) -> tuple[TypeEngine[Any], ...]:
    return tuple(table.c[name].type for name in columns)


@lru_cache(_MOST_SHAPES)
def rows_from_arrays(table: Table, columns: tuple[str, ...], equal: tuple[bool, ...]) -> str:
    """What `given_as_arrays` gave, as the select list of a query."""
    given = [
        f"%b::{_POSTGRES_TYPES[type(table.c[name].type)]}" + ("" if same else "[]")
        for name, same in zip(columns, equal, strict=True)
    ]
    return ", ".join(value if same else f"unnest({value})" for value, same in zip(given, equal, strict=True))


def _given_as_rows(rows: Sequence[Row]) -> tuple[tuple[bool, ...], Row]:
    """The same as one flat row: first what is equal in all, then row for row the rest."""
    values = list(zip(*rows, strict=True))
    equal = _equal(values)
    shared = [column[0] for column, same in zip(values, equal, strict=True) if same]
    own = [column for column, same in zip(values, equal, strict=True) if not same]
    return equal, (*shared, *itertools.chain.from_iterable(zip(*own, strict=True)))


def _equal(values: Sequence[Row]) -> tuple[bool, ...]:
    return (False, *[column.count(column[0]) == len(column) for column in values[1:]])


@cache
def _insert_one(table: Table, columns: tuple[str, ...], end: str) -> str:
    return f"INSERT INTO {table.name} ({columns_of(columns)}) VALUES ({', '.join('?' * len(columns))}){end}"  # noqa: S608  (our own names)


@lru_cache(_MOST_SHAPES)
def _insert_values(table: Table, columns: tuple[str, ...], equal: tuple[bool, ...], count: int, end: str) -> str:
    own = itertools.count(1)
    selected = ", ".join("?" if same else f"column{next(own)}" for same in equal)
    values = ", ".join([f"({', '.join('?' * equal.count(False))})"] * count)
    # TRUE, or what comes after VALUES could be read as a join's ON.
    given = f"(VALUES {values}) AS given WHERE TRUE{end}"
    return f"INSERT INTO {table.name} ({columns_of(columns)}) SELECT {selected} FROM {given}"  # noqa: S608  (our own names)


@lru_cache(_MOST_SHAPES)
def _insert_arrays(table: Table, columns: tuple[str, ...], equal: tuple[bool, ...], end: str) -> str:
    selected = rows_from_arrays(table, columns, equal)
    return f"INSERT INTO {table.name} ({columns_of(columns)}) SELECT {selected}{end}"


_POSTGRES_TYPES: dict[type, str] = {
    Text: "text",
    Double: "float8",
    Integer: "integer",
    BigInteger: "bigint",
    LargeBinary: "bytea",
}


def _quoted(name: str) -> str:
    return f'"{name}"'
