"""The few helpers with which the verbs speak SQL on both dialects. Called by the verbs only.

The hot statements insert many rows at once. On SQLite by one VALUES: one step of the driver writes many
rows, so the writer thread hands the interpreter over once instead of once a row. On PostgreSQL by one array a column:
psycopg reads a statement of hundreds of parameters anew each time, a short one it keeps prepared; and binary (`%b`),
since it escapes the texts of an array one by one in Python.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from sqlalchemy import BigInteger, Connection, Double, Integer, LargeBinary, Table, Text, TextClause, text

from forgehand.adapters.sql.rows import Row

_MOST_ROWS = 64


def is_postgres(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


def insert_rows(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], end: str = "") -> None:
    """Insert rows. `end` is the statement's last clause, such as `NEW_ONLY`."""
    for statement, parameters in _inserts(conn, table, columns, rows, end):
        conn.exec_driver_sql(statement, parameters)


def insert_new(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], key: str) -> set[str]:
    """Insert the rows whose primary key is not there yet; gives the keys (column `key`) of those inserted."""
    inserted: set[str] = set()
    for statement, parameters in _inserts(conn, table, columns, rows, f"{NEW_ONLY} RETURNING {_quoted(key)}"):
        inserted.update(found[0] for found in conn.exec_driver_sql(statement, parameters))
    return inserted


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


@cache
def columns_of(names: tuple[str, ...], table: str = "") -> str:
    prefix = f"{table}." if table else ""
    return ", ".join(prefix + _quoted(name) for name in names)


def _inserts(
    conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], end: str
) -> Iterator[tuple[str, Row]]:
    if not rows:
        return
    if is_postgres(conn):
        yield _insert_arrays(table, columns, end), tuple(list(column) for column in zip(*rows, strict=True))
        return
    for start in range(0, len(rows), _MOST_ROWS):
        part = rows[start : start + _MOST_ROWS]
        yield _insert_values(table, columns, len(part), end), tuple(chain.from_iterable(part))


@cache
def _insert_values(table: Table, columns: tuple[str, ...], count: int, end: str) -> str:
    row = f"({', '.join('?' * len(columns))})"
    values = ", ".join([row] * count)
    return f"INSERT INTO {table.name} ({columns_of(columns)}) VALUES {values}{end}"  # noqa: S608  (our own names)


@cache
def _insert_arrays(table: Table, columns: tuple[str, ...], end: str) -> str:
    arrays = ", ".join(f"%b::{_POSTGRES_TYPES[type(table.c[name].type)]}[]" for name in columns)
    return f"INSERT INTO {table.name} ({columns_of(columns)}) SELECT * FROM unnest({arrays}){end}"  # noqa: S608


_POSTGRES_TYPES: dict[type, str] = {
    Text: "text",
    Double: "float8",
    Integer: "integer",
    BigInteger: "bigint",
    LargeBinary: "bytea",
}


def _quoted(name: str) -> str:
    return f'"{name}"'
