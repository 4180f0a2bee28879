"""The rows that one delivery becomes, as plain tuples and plain SQL: for what stands beside us. Used by `bare` and
`raw_store`."""

from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, fact_row, job_row
from forgehand.domain.facts import Fact
from forgehand.engine.intake import planning_job

Rows = tuple[tuple[object, ...], tuple[object, ...], tuple[object, ...]]


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


INSERTS = (
    _insert("deliveries", ("guid", "event", "received_at", "duplicates", "body")),
    _insert("jobs", JOB_COLUMNS),
    _insert("facts", FACT_COLUMNS),
)

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
