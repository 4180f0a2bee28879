"""The rows that one delivery becomes, as plain tuples and plain SQL: for what stands beside us. Used by `bare` and
`raw_store`."""

from sqlalchemy.dialects import postgresql

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, fact_row, job_row
from forgehand.domain.arrivals import planning_job
from forgehand.domain.facts import Fact

Rows = tuple[tuple[object, ...], tuple[object, ...], tuple[object, ...]]


def _copy(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"


def _types(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    of = schema.metadata.tables[table].c
    return tuple(of[name].type.compile(postgresql.dialect()).lower() for name in columns)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


_TABLES = (
    ("deliveries", ("guid", "event", "received_at", "duplicates", "body")),
    ("jobs", JOB_COLUMNS),
    ("facts", FACT_COLUMNS),
)
INSERTS = tuple(_insert(*table) for table in _TABLES)
COPIES = tuple((_copy(*table), _types(*table)) for table in _TABLES)
"""For PostgreSQL: each table's statement, and the types of its columns."""

_JOB = job_row(planning_job("guid", "pull_request", 0.0))
_FACT = fact_row(Fact("id", "delivery.received", 0.0, data={"event": "pull_request"}))


def rows_of(guid: str, event: str, body: bytes, now: float) -> Rows:
    """The delivery, its planning job and its fact. The ids are the GUID's, which costs no hash."""
    job = list(_JOB)
    for name, value in (
        ("id", guid),
        ("created_at", now),
        ("run_at", now),
        ("due_at", now),
        ("payload", f'{{"guid":"{guid}","replay":"","cursor":0}}'),
        ("delivery", guid),
        ("correlation", guid),
    ):
        job[_AT[name]] = value
    _, kind, _, _, *rest = _FACT
    return (guid, event, now, 0, body), tuple(job), (guid, kind, now, guid, *rest)


_AT = {name: at for at, name in enumerate(JOB_COLUMNS)}
