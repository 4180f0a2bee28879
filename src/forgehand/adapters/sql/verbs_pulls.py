"""What pages show of pull requests, a row for each. Called by `verbs_changes` and `store`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import clean
from forgehand.adapters.sql.schema import OPEN, OVER
from forgehand.adapters.sql.statements import columns_of, sql
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo


def put_pulls(conn: Connection, pulls: Sequence[PullState]) -> None:
    """Sorted, so that two writers of the same rows wait for each other instead of deadlocking."""
    for pull in sorted(pulls, key=lambda pull: (pull.repo.id, pull.number, pull.generation)):
        conn.execute(_PUT, _row(pull))


def pull(conn: Connection, repository_id: int, number: int) -> PullState | None:
    row = conn.execute(_ONE, {"repository_id": repository_id, "number": number}).first()
    return None if row is None else _pull_from(row)


def pulls(conn: Connection, limit: int, still_open: bool, before: float | None) -> list[PullState]:
    at = {"before": _END if before is None else before, "limit": limit}
    return [_pull_from(row) for row in conn.execute(_THOSE_OPEN if still_open else _THOSE_OVER, at)]


def _row(pull: PullState) -> dict[str, object]:
    return {
        "repository_id": pull.repo.id,
        "number": pull.number,
        "installation": pull.repo.installation,
        "repository": pull.repo.full_name,
        "title": clean(pull.title),
        "author": pull.author,
        "base_ref": pull.base_ref,
        "head_sha": pull.head_sha,
        "state": pull.state.value,
        "standing": pull.standing.value,
        "url": pull.url,
        "generation": pull.generation,
        "updated_at": pull.updated_at,
        "blocker": clean(pull.blocker),
        "position": pull.position,
    }


def _pull_from(row: Any) -> PullState:
    return PullState(
        repo=Repo(row.installation, row.repository_id, row.repository),
        number=row.number,
        title=row.title,
        author=row.author,
        base_ref=row.base_ref,
        head_sha=row.head_sha,
        state=PullStage(row.state),
        standing=Standing(row.standing),
        url=row.url,
        generation=row.generation,
        updated_at=row.updated_at,
        blocker=row.blocker,
        position=row.position,
    )


_END = 1e18
"""Later than every time: a first page's `before`, so that the statement (and its plan) is always the same."""

_NAMES = tuple(column.name for column in schema.pulls.columns)
_COLUMNS = columns_of(_NAMES)
_KEY = ("repository_id", "number")
_PUT = sql(
    f"INSERT INTO pulls ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"  # noqa: S608
    " ON CONFLICT (repository_id, number) DO UPDATE SET "
    + ", ".join(f'"{name}" = excluded."{name}"' for name in _NAMES if name not in _KEY)
    + " WHERE pulls.generation <= excluded.generation"
)
_ONE = sql(f"SELECT {_COLUMNS} FROM pulls WHERE repository_id = :repository_id AND number = :number")  # noqa: S608
_NEWEST = " AND updated_at < :before ORDER BY updated_at DESC, repository_id DESC, number DESC LIMIT :limit"
_THOSE_OPEN = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OPEN}{_NEWEST}")  # noqa: S608
_THOSE_OVER = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OVER}{_NEWEST}")  # noqa: S608
