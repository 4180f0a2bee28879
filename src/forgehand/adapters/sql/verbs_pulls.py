"""What pages show of pull requests, a row for each. Called by `verbs_changes` and `store`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import clean
from forgehand.adapters.sql.schema import OPEN, OVER, QUEUED
from forgehand.adapters.sql.statements import columns_of, edge, sql
from forgehand.domain.paging import Last
from forgehand.domain.pulls import PullStage, PullState, Standing, key_parts
from forgehand.domain.repositories import Repo


def put_pulls(conn: Connection, pulls: Sequence[PullState]) -> None:
    """Sorted, so that two writers of the same rows wait for each other instead of deadlocking."""
    for pull in sorted(pulls, key=lambda pull: (pull.repo.id, pull.number, pull.generation)):
        conn.execute(_PUT, _row(pull))


def pull(conn: Connection, repository_id: int, number: int) -> PullState | None:
    row = conn.execute(_ONE, {"repository_id": repository_id, "number": number}).first()
    return None if row is None else _pull_from(row)


def pulls(
    conn: Connection, limit: int, still_open: bool, before: Last | None, repository_id: int | None
) -> list[PullState]:
    last_repository, last_number = key_parts(before.id if before else "")
    at = {"before": edge(before)["before"], "last_number": last_number, "limit": limit}
    if repository_id is None:
        rows = conn.execute(_THOSE_OPEN if still_open else _THOSE_OVER, at | {"last_repository": last_repository})
    else:
        rows = conn.execute(_OPEN_OF_ONE if still_open else _OVER_OF_ONE, at | {"repository_id": repository_id})
    return [_pull_from(row) for row in rows]


def queued(conn: Connection, limit: int) -> list[PullState]:
    return [_pull_from(row) for row in conn.execute(_QUEUED, {"limit": limit})]


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
_NEWEST = (
    " AND (updated_at, repository_id, number) < (:before, :last_repository, :last_number)"
    " ORDER BY updated_at DESC, repository_id DESC, number DESC LIMIT :limit"
)
_NEWEST_OF_ONE = (
    " AND repository_id = :repository_id"
    " AND (updated_at, number) < (:before, :last_number)"
    " ORDER BY updated_at DESC, number DESC LIMIT :limit"
)
_THOSE_OPEN = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OPEN}{_NEWEST}")  # noqa: S608
_THOSE_OVER = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OVER}{_NEWEST}")  # noqa: S608
_OPEN_OF_ONE = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OPEN}{_NEWEST_OF_ONE}")  # noqa: S608
_OVER_OF_ONE = sql(f"SELECT {_COLUMNS} FROM pulls WHERE {OVER}{_NEWEST_OF_ONE}")  # noqa: S608
_QUEUED = sql(
    f"SELECT {_COLUMNS} FROM pulls WHERE {QUEUED} AND repository_id > 0"  # noqa: S608
    " ORDER BY repository_id, base_ref, position, number LIMIT :limit"
)
