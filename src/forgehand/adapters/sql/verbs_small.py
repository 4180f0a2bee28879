"""Pauses, poll positions and small encrypted values. Called by `store`, each in one transaction."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection

from forgehand.adapters.sql.statements import sql
from forgehand.adapters.sql.verbs_jobs import wake
from forgehand.domain.marks import lasts
from forgehand.ports.store import Pause


def paused(conn: Connection) -> Pause | None:
    said = conn.execute(_PAUSED).scalar()
    return None if said is None else Pause(**json.loads(said))


def pause(conn: Connection, pause: Pause) -> None:
    said = json.dumps({"by": pause.by, "why": pause.why, "since": pause.since})
    conn.execute(_PAUSE, {"value": said})


def resume(conn: Connection, now: float) -> list[str]:
    conn.execute(_RESUME)
    return wake(conn, "resume", now)


def mark(conn: Connection, key: str) -> str | None:
    value: str | None = conn.execute(_MARK, {"key": key}).scalar()
    return value


class MarkMoved(Exception):
    """Another one wrote the mark first. Ends the transaction, so that none of the marks is written."""


def move_marks(conn: Connection, seen: Mapping[str, str | None], marks: Mapping[str, str], now: float) -> None:
    """In the order of their keys, so that two who move the same wait for each other instead of deadlocking."""
    for key, value in sorted(marks.items()):
        statement = _FIRST_MARK if seen.get(key) is None else _MOVE_MARK
        at = {"key": key, "value": value, "seen": seen.get(key), "now": now, "lasts": int(lasts(key))}
        if conn.execute(statement, at).first() is None:
            raise MarkMoved(key)


def get_secret(conn: Connection, name: str, now: float) -> bytes | None:
    value = conn.execute(_GET_SECRET, {"name": name, "now": now}).scalar()
    return None if value is None else bytes(value)


def put_secret(conn: Connection, name: str, value: bytes, expires_at: float) -> None:
    conn.execute(_PUT_SECRET, {"name": name, "value": value, "expires_at": expires_at})


def take_secret(conn: Connection, name: str, now: float) -> bytes | None:
    value = conn.execute(_TAKE_SECRET, {"name": name, "now": now}).scalar()
    return None if value is None else bytes(value)


_PAUSED = sql("SELECT value FROM controls WHERE name = 'pause'")
_PAUSE = sql(
    "INSERT INTO controls (name, value) VALUES ('pause', :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_RESUME = sql("DELETE FROM controls WHERE name = 'pause'")
_MARK = sql("SELECT value FROM marks WHERE key = :key")
_FIRST_MARK = sql(
    "INSERT INTO marks (key, value, updated_at, lasts) VALUES (:key, :value, :now, :lasts)"
    " ON CONFLICT DO NOTHING RETURNING key"
)
_MOVE_MARK = sql("UPDATE marks SET value = :value, updated_at = :now WHERE key = :key AND value = :seen RETURNING key")
_GET_SECRET = sql("SELECT value FROM secrets WHERE name = :name AND expires_at > :now")
_TAKE_SECRET = sql("DELETE FROM secrets WHERE name = :name AND expires_at > :now RETURNING value")
_PUT_SECRET = sql(
    "INSERT INTO secrets (name, value, expires_at) VALUES (:name, :value, :expires_at)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"
)
