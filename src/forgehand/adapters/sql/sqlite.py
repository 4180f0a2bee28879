"""SQLite: one writer thread that commits everything that waits at once, and a few reader threads. Used by `store`.

Other processes may write to the same file: a write transaction is taken with BEGIN IMMEDIATE, and where another holds
the lock the writer asks again in short steps (SQLite's own busy handler sleeps up to 100 ms).
"""

import asyncio
import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from forgehand.adapters.sql import migrate
from forgehand.adapters.sql.errors import told
from forgehand.adapters.sql.queue import Operation, Queue, T, Verb, record_operation, verb_operation
from forgehand.adapters.sql.verbs_intake import Record, record_all
from forgehand.adapters.sql.verbs_reads import version
from forgehand.ports.store import Recorded, StoreUnavailable

OLDEST = (3, 51, 3)


def refuse_old(library: tuple[int, ...]) -> None:
    """Raise StoreUnavailable for an SQLite library that can corrupt a database in WAL mode.

    3.7.0 to 3.51.2 may when two connections write and checkpoint at once: https://sqlite.org/releaselog/3_51_3.html
    """
    if library < OLDEST:
        raise StoreUnavailable(
            f"SQLite {_dotted(library)} can corrupt its database when two processes use it (fixed in "
            f"{_dotted(OLDEST)}): install the wheel that brings its own, `pip install 'pysqlite3>=0.6.1'`"
        )


class SqliteBackend:
    def __init__(self, path: Path, queue: Queue, readers: int, patience: float, library: tuple[int, ...]) -> None:
        self._path = path
        self._queue = queue
        self._patience = patience
        self._library = library
        self._engine = _engine(path, readers + 1)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._writer = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._conn: Connection | None = None
        self._driver: Any = None

    async def open(self) -> None:
        refuse_old(self._library)
        await asyncio.to_thread(self._open)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def record(self, record: Record) -> Awaitable[Recorded]:
        operation = record_operation(record, self._patience)
        self._queue.put(operation)
        return operation.future

    async def write(self, verb: Verb[T]) -> T:
        operation = verb_operation(verb, _VERB_PATIENCE)
        self._queue.put(operation)
        answer: T = await operation.future
        return answer

    async def at_once(self, verb: Verb[T]) -> T:
        return await self.write(verb)

    def read(self, verb: Verb[T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._readers, self._read, verb)

    async def check(self) -> str:
        return f"{await self.read(version)} at {self._path}"

    def _open(self) -> None:
        try:
            _create_private(self._path)
            with _locked(self._path.parent), self._engine.connect() as conn:
                # Bodies of 25 KB take fewer pages; measured 20 % faster than 4 KB, with shorter checkpoints than 16 KB.
                conn.exec_driver_sql("PRAGMA page_size=8192")
                conn.exec_driver_sql("PRAGMA journal_mode=WAL")
                if not migrate.up_to_date(conn):
                    conn.exec_driver_sql("BEGIN IMMEDIATE")
                    migrate.upgrade(conn)
                    conn.commit()
            self._conn = self._engine.connect()
            self._driver = self._conn.connection.driver_connection
            # `_begin` asks again by itself, and sooner.
            self._driver.execute("PRAGMA busy_timeout=0")
        except OSError as error:
            self._engine.dispose()
            raise StoreUnavailable(f"cannot open {self._path}: {error.strerror or error}") from error
        except Exception as error:
            self._engine.dispose()
            answer = told(error)
            if isinstance(answer, StoreUnavailable):
                raise StoreUnavailable(f"cannot open {self._path}: {answer.why}") from error
            raise answer from error
        self._queue.open()
        self._writer.start()

    def _close(self) -> None:
        self._queue.close()
        if self._writer.is_alive():
            self._writer.join()
        self._queue.stop_watching()
        self._readers.shutdown(wait=True)
        if self._conn is not None:
            self._conn.close()
        self._engine.dispose()

    def _read(self, verb: Verb[T]) -> T:
        try:
            with self._engine.connect() as conn:
                return verb(conn)
        except Exception as error:
            raise told(error) from error

    def _serve(self) -> None:
        while batch := self._queue.take():
            try:
                self._commit(batch)
            except Exception as error:
                self._roll_back()
                why = told(error)
                for operation in batch:
                    operation.error = why if isinstance(why, StoreUnavailable) else StoreUnavailable(str(why))
            self._queue.done(batch)

    def _commit(self, batch: list[Operation]) -> None:
        """Everything of the batch in one transaction; each in a savepoint, so that a bad one fails alone."""
        assert self._conn is not None
        conn = self._conn
        if not self._begin(batch):
            return
        before = self._driver.total_changes
        self._record([operation for operation in batch if operation.record and not operation.given_up])
        for operation in batch:
            if operation.verb and not operation.given_up:
                self._run_alone(operation, operation.verb)
        if self._driver.total_changes != before:
            self._driver.execute(_COUNT_CHANGE)
        conn.commit()
        # SQLAlchemy commits nothing when no statement went through it, as for an empty change.
        if self._driver.in_transaction:
            self._driver.commit()

    def _begin(self, batch: list[Operation]) -> bool:
        """Take the write lock; False when nobody is waiting for this batch any more."""
        step = _FIRST_STEP
        while not all(operation.given_up for operation in batch):
            try:
                self._driver.execute("BEGIN IMMEDIATE")
            except pysqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise StoreUnavailable(str(error)) from error
                time.sleep(step)
                step = min(step * 2, _LONGEST_STEP)
            else:
                return True
        return False

    def _record(self, operations: list[Operation]) -> None:
        if not operations:
            return
        assert self._conn is not None
        try:
            with self._savepoint():
                answers = record_all(self._conn, [operation.record for operation in operations if operation.record])
        except _TransactionLost:
            raise
        except Exception:
            # One of them is bad: find out which, each for itself.
            for operation in operations:
                assert operation.record is not None
                self._run_alone(operation, _record_one(operation.record))
        else:
            for operation, answer in zip(operations, answers, strict=True):
                operation.result = answer

    def _run_alone(self, operation: Operation, verb: Verb[Any]) -> None:
        assert self._conn is not None
        try:
            with self._savepoint():
                operation.result = verb(self._conn)
        except _TransactionLost:
            raise
        except Exception as error:
            operation.error = told(error)

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        self._driver.execute("SAVEPOINT one")
        try:
            yield
        except Exception as error:
            # A full disk or a failed read ends the whole transaction: https://sqlite.org/lang_transaction.html
            if not self._driver.in_transaction:
                raise _TransactionLost(str(error)) from error
            self._driver.execute("ROLLBACK TO one")
            self._driver.execute("RELEASE one")
            raise
        else:
            self._driver.execute("RELEASE one")

    def _roll_back(self) -> None:
        with contextlib.suppress(Exception):
            self._driver.rollback()
        with contextlib.suppress(Exception):
            assert self._conn is not None
            self._conn.rollback()


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself."""


def _record_one(record: Record) -> Callable[[Connection], Recorded]:
    return lambda conn: record_all(conn, [record])[0]


def _engine(path: Path, connections: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        module=pysqlite3,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        # Transactions are begun by hand, IMMEDIATE; reads take their snapshot statement by statement.
        isolation_level="AUTOCOMMIT",
        # Bodies and texts of deliveries do not belong in error messages.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(driver: Any, _record: object) -> None:
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "mmap_size=0",
        # 4 MB: a longer log is a little faster, but then a checkpoint holds a batch up for over 25 ms.
        "wal_autocheckpoint=512",
        f"journal_size_limit={64 * 1024 * 1024}",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        driver.execute(f"PRAGMA {pragma}")


def _create_private(path: Path) -> None:
    """Make the file if it is not there, readable by its owner only: it holds deliveries of private repositories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only where it is not there: closing a file drops the locks that this process's SQLite holds on it.
    # https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time, without leaving a lock file behind."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


_BUSY_MILLISECONDS = 5000
_VERB_PATIENCE = 10.0
_FIRST_STEP = 0.0002
_LONGEST_STEP = 0.0004
"""Short, or a busy worker process always has the lock again by the time the intake looks."""
_COUNT_CHANGE = (
    "INSERT INTO changes (name, number) VALUES ('all', 1) ON CONFLICT (name) DO UPDATE SET number = number + 1"
)
