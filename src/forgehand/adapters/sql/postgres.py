"""PostgreSQL: a few threads, each verb one transaction; deliveries that wait together share one. Used by `store`.

Verbs run at READ COMMITTED and lock the rows they decide on. A deadlock or a lost connection before the commit is
tried again here; a connection lost during the commit is not, since the commit may have happened.
"""

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from forgehand.adapters.sql import migrate
from forgehand.adapters.sql.arrays import register
from forgehand.adapters.sql.errors import told
from forgehand.adapters.sql.own_connection import OwnConnection
from forgehand.adapters.sql.queue import Operation, Queue, T, Verb, record_operation, verb_operation
from forgehand.adapters.sql.verbs_intake import Record, plain, record_all
from forgehand.adapters.sql.verbs_reads import version
from forgehand.ports.store import Recorded, StoreUnavailable

Serve = Callable[[list[Operation], OwnConnection], None]


class PostgresBackend:
    def __init__(self, url: str, records: Queue, verbs: Queue, threads: int, patience: float) -> None:
        self._records = records
        self._verbs = verbs
        self._patience = patience
        self._engine = _engine(url)
        self._threads = [
            *_workers(_WRITERS, "store-writer", self._engine, records, self._serve_records),
            *_workers(threads, "store-verbs", self._engine, verbs, self._serve_verbs),
        ]

    async def open(self) -> None:
        await asyncio.to_thread(self._open)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def record(self, record: Record) -> Awaitable[Recorded]:
        operation = record_operation(record, self._patience)
        self._records.put(operation)
        return operation.future

    async def write(self, verb: Verb[T]) -> T:
        answer: T = await self._asked(verb_operation(verb, _VERB_PATIENCE))
        return answer

    async def at_once(self, verb: Verb[T]) -> T:
        answer: T = await self._asked(verb_operation(verb, _VERB_PATIENCE, alone=True))
        return answer

    async def read(self, verb: Verb[T]) -> T:
        return await self.at_once(verb)

    async def check(self) -> str:
        at = self._engine.url
        return f"{await self.read(version)} at {at.host or 'a local socket'}, database {at.database}"

    def _asked(self, operation: Operation) -> Awaitable[Any]:
        self._verbs.put(operation)
        return operation.future

    def _open(self) -> None:
        try:
            with self._engine.connect() as conn, conn.execution_options(isolation_level="READ COMMITTED").begin():
                if not migrate.up_to_date(conn):
                    _without_limits(conn)
                    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                    migrate.upgrade(conn)
        except Exception as error:
            raise told(error) from error
        for queue in (self._records, self._verbs):
            queue.open()
        for thread in self._threads:
            thread.start()

    def _close(self) -> None:
        for queue in (self._records, self._verbs):
            queue.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for queue in (self._records, self._verbs):
            queue.stop_watching()

    def _serve_records(self, batch: list[Operation], own: OwnConnection) -> None:
        records = [operation.record for operation in batch if operation.record]
        try:
            answers = self._recorded(records, own)
        except StoreUnavailable as error:
            for operation in batch:
                operation.error = error
        except Exception:
            # One of them is bad: find out which, each for itself.
            for operation in batch:
                self._answer(operation, _record_one(operation), own)
        else:
            for operation, answer in zip(batch, answers, strict=True):
                operation.result = answer

    def _recorded(self, records: list[Record], own: OwnConnection) -> list[Recorded]:
        if plain(records):
            try:
                with own.alone() as conn:
                    return record_all(conn, records)
            except DBAPIError as error:
                if not _worth_repeating(error, committing=False):
                    raise told(error) from error
            except Exception as error:
                raise told(error) from error
            # It may have happened before the connection was lost: then these are duplicates, and lost is nothing.
        return self._run(lambda conn: record_all(conn, records), own)

    def _serve_verbs(self, batch: list[Operation], own: OwnConnection) -> None:
        for operation in batch:
            if operation.verb:
                self._answer(operation, operation.verb, own)

    def _answer(self, operation: Operation, verb: Verb[object], own: OwnConnection) -> None:
        try:
            operation.result = self._run(verb, own, alone=operation.alone)
        except Exception as error:
            operation.error = error

    def _run(self, verb: Verb[T], own: OwnConnection, *, alone: bool = False) -> T:
        """Run a verb, in one transaction unless it needs none, and commit it; raises what the port promises."""
        for attempt in range(1, _ATTEMPTS + 1):
            committing = False
            try:
                if alone:
                    with own.alone() as conn:
                        return verb(conn)
                with own.transaction() as conn:
                    result = verb(conn)
                    committing = True
                    conn.commit()
                    return result
            except DBAPIError as error:
                if attempt == _ATTEMPTS or not _worth_repeating(error, committing):
                    raise told(error) from error
                if not error.connection_invalidated:
                    # Whom it collided with should be done by then, and two that collided should not meet again.
                    time.sleep(random.uniform(0.001, 0.01) * attempt)  # noqa: S311
            except Exception as error:
                raise told(error) from error
        raise AssertionError("the last attempt returns or raises")


def _without_limits(conn: Connection) -> None:
    """For this transaction: an upgrade of a large store takes as long as it takes, and so does waiting for that of
    another process."""
    for limit in _LIMITS:
        conn.execute(text(f"SET LOCAL {limit} = 0"))


def _worth_repeating(error: DBAPIError, committing: bool) -> bool:
    if error.connection_invalidated:
        return not committing
    return getattr(error.orig, "sqlstate", None) in _COLLISIONS


def _workers(count: int, name: str, engine: Engine, queue: Queue, serve: Serve) -> list[threading.Thread]:
    def run() -> None:
        with closing(OwnConnection(engine)) as own:
            own.connect()
            while batch := queue.take():
                if wanted := [operation for operation in batch if not operation.given_up]:
                    serve(wanted, own)
                queue.done(batch)

    return [threading.Thread(target=run, name=f"{name}-{number}", daemon=True) for number in range(count)]


def _record_one(operation: Operation) -> Verb[Recorded]:
    assert operation.record is not None
    record: Record = operation.record
    return lambda conn: record_all(conn, [record])[0]


def _engine(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        address,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        # Bodies and texts of deliveries do not belong in error messages.
        hide_parameters=True,
        use_native_hstore=False,
        connect_args=_connection(address),
    )
    event.listen(engine, "connect", lambda driver, _record: register(driver))
    return engine


def _connection(address: URL) -> dict[str, str | int]:
    """The parameters of a connection. What the operator's address says itself counts, and of `options` the later."""
    usual = {name: value for name, value in _USUAL.items() if name not in address.query}
    said = address.query.get("options", ())
    options = [*(f"-c {name}={value}" for name, value in _LIMITS.items()), *([said] if isinstance(said, str) else said)]
    # Whatever the database's own encoding is: our arrays of texts are UTF-8.
    return {**usual, "client_encoding": "utf8", "options": " ".join(options)}


_USUAL: dict[str, str | int] = {
    "connect_timeout": 3,
    "application_name": "forgehand",
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
}
_LIMITS = {"idle_in_transaction_session_timeout": "10s", "lock_timeout": "8s", "statement_timeout": "30s"}
"""A process that is frozen in the middle of a transaction must not keep its row locks."""
_WRITERS = 1
"""Two made smaller commits, and fewer deliveries a second."""
_ATTEMPTS = 6
_VERB_PATIENCE = 10.0
_MIGRATION_LOCK = 4_018_220_611
_COLLISIONS = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
