"""The few helpers with which the verbs speak SQL on both dialects. Called by the verbs only.

The hot statements are multi-row inserts of fixed sizes: one step of the driver writes many rows, so the writer thread
hands the interpreter over once instead of once a row, and both drivers keep the statement prepared.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from sqlalchemy import Connection, TextClause, text

from forgehand.adapters.sql.rows import Row

_SIZES = (64, 32, 16, 8, 4, 2, 1)


def is_postgres(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


def insert_rows(
    conn: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row], conflict: str = ""
) -> None:
    """Insert rows, in as few statements as the fixed sizes allow. `conflict` is a clause such as `NEW_ONLY`."""
    for chunk in _chunks(rows):
        conn.exec_driver_sql(_insert(conn.dialect.name, table, columns, len(chunk), conflict), _flat(chunk))


def insert_new(conn: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row], key: str) -> set[str]:
    """Insert the rows whose primary key is not there yet; gives the keys (column `key`) of those inserted."""
    inserted: set[str] = set()
    clause = f"{NEW_ONLY} RETURNING {_quoted(key)}"
    for chunk in _chunks(rows):
        sql = _insert(conn.dialect.name, table, columns, len(chunk), clause)
        inserted.update(found[0] for found in conn.exec_driver_sql(sql, _flat(chunk)))
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


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start, left = 0, len(rows)
    for size in _SIZES:
        while left >= size:
            yield rows[start : start + size]
            start += size
            left -= size


def _flat(rows: Iterable[Row]) -> Row:
    return tuple([value for row in rows for value in row])


@cache
def _insert(dialect: str, table: str, columns: tuple[str, ...], count: int, conflict: str) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    row = f"({', '.join([mark] * len(columns))})"
    values = ", ".join([row] * count)
    return f"INSERT INTO {table} ({columns_of(columns)}) VALUES {values}{conflict}"  # noqa: S608  (our own names)


def _quoted(name: str) -> str:
    return f'"{name}"'
