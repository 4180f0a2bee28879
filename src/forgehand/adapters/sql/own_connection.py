"""A PostgreSQL connection that one thread keeps for itself. Used by `postgres`.

Asking a pool for one, and giving it back, costs as much as a statement: which isolation it has, whether anything is to
be rolled back, who may have it next. And a statement that is a transaction by itself needs no begin and commit around
it, nor the waiting for their answers; so the connection is in autocommit mode, and a transaction is begun by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError


class OwnConnection:
    """Connects again when it is needed after the connection was lost. `engine` makes connections in AUTOCOMMIT and
    keeps none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None

    def connect(self) -> None:
        """Before it is first needed, which would have to wait. Where the database is away, `alone` will tell."""
        with suppress(Exception), self.alone():
            pass

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """For one statement, or for looks, with nothing around that must happen with it or not at all."""
        conn, self._kept = self._kept or self._engine.connect(), None
        try:
            yield conn
        except BaseException:
            self._end(conn)
            raise
        self._kept = conn

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """For a transaction at READ COMMITTED, which is rolled back unless it was committed."""
        with self.alone() as conn:
            conn.exec_driver_sql(_BEGIN)
            yield conn
            if conn.in_transaction():
                conn.rollback()

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _end(self, conn: Connection) -> None:
        """Roll back what was begun, and keep the connection if it is well."""
        with suppress(DBAPIError):
            conn.rollback()
        if conn.invalidated or not _idle(conn):
            conn.invalidate()
            conn.close()
        else:
            self._kept = conn


def _idle(conn: Connection) -> bool:
    driver: Any = conn.connection.driver_connection
    # By name, so that a store on SQLite, whose process has this file loaded too, opens without psycopg.
    return driver is not None and driver.info.transaction_status.name == "IDLE"


_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
