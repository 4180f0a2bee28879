"""What waits to be written, and how its answer gets back to the caller's event loop. Used by `sqlite` and `postgres`.

A writer thread takes everything that waits as one batch, commits it, and answers it with one call per event loop: with
64 connections, waking each caller by itself would cost more than the write.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Connection

from forgehand.adapters.sql.last_first import LastFirst
from forgehand.adapters.sql.verbs_intake import Record
from forgehand.ports.store import StoreUnavailable

T = TypeVar("T")
Verb = Callable[[Connection], T]


class Operation:
    """One verb or one record on its way: what to run, for whom, and until when its caller may be kept waiting."""

    __slots__ = ("alone", "deadline", "error", "expired", "future", "loop", "record", "result", "size", "verb")

    def __init__(
        self,
        size: int,
        patience: float,
        verb: Verb[Any] | None = None,
        record: Record | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self.verb = verb
        self.alone = alone  # with nothing around it that must happen with it, or not at all
        self.record = record
        self.size = size
        self.deadline = time.monotonic() + patience
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.expired = False

    @property
    def given_up(self) -> bool:
        """Nobody waits for it any more: it need not be run."""
        return self.expired or self.future.cancelled()


def verb_operation(verb: Verb[Any], patience: float, *, alone: bool = False) -> Operation:
    return Operation(_ROW_BYTES, patience, verb=verb, alone=alone)


def record_operation(record: Record, patience: float) -> Operation:
    return Operation(_ROW_BYTES + record.size, patience, record=record)


class Queue:
    """Operations that wait for a writer, bounded by number and by bytes.

    A watchdog answers whoever has waited past its deadline with StoreUnavailable, even while the writer itself is
    stuck in a write: its operation, if it was under way, may still land whole.
    """

    def __init__(self, max_rows: int, max_bytes: int, batch_rows: int = 512, gap: float = 0.0) -> None:
        self._batch_rows = batch_rows
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._waiting: deque[Operation] = deque()
        self._bytes = 0
        self._running: list[Operation] = []
        self._closed = False
        self._gap = gap
        self._taken = 0.0
        self._crowded = False
        self._changed = LastFirst()
        self._watchdog = threading.Thread(target=self._watch, name="store-watchdog", daemon=True)
        self._stopped = threading.Event()

    def open(self) -> None:
        self._watchdog.start()

    def put(self, operation: Operation) -> None:
        """Raises StoreUnavailable when there is no room."""
        with self._changed:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            if len(self._waiting) >= self._max_rows or self._bytes + operation.size > self._max_bytes:
                raise StoreUnavailable(
                    f"{len(self._waiting)} writes ({self._bytes >> 20} MB) are waiting for the database already"
                )
            self._waiting.append(operation)
            self._bytes += operation.size
            self._changed.wake()

    def take(self) -> list[Operation]:
        """Everything that waits, within the size of a batch; waits for the first. Empty: closed and drained."""
        while True:
            with self._changed:
                while not self._waiting:
                    if self._closed:
                        return []
                    self._changed.wait()
                if (early := self.too_early()) <= 0:
                    return self._batch()
            # Asleep, but not there to be woken: then whoever puts need not wake a thread.
            time.sleep(early)

    def too_early(self) -> float:
        """Seconds for which more should be let come together: a commit is worth a crowd of deliveries, where there is
        one. Never for a verb, whose caller goes on only when it is answered."""
        if not self._crowded or self._closed or any(operation.record is None for operation in self._waiting):
            return 0.0
        return self._taken + self._gap - time.monotonic()

    def _batch(self) -> list[Operation]:
        batch: list[Operation] = []
        size = 0
        while self._waiting and len(batch) < self._batch_rows and size < _BATCH_BYTES:
            operation = self._waiting.popleft()
            self._bytes -= operation.size
            size += operation.size
            batch.append(operation)
        self._running += batch
        self._taken = time.monotonic()
        self._crowded = len(batch) > 1
        return batch

    def done(self, batch: Iterable[Operation]) -> None:
        """Answer a batch; each carries its result or its error."""
        finished = set(map(id, batch))
        with self._changed:
            self._running = [operation for operation in self._running if id(operation) not in finished]
        _answer(batch)

    def close(self) -> None:
        """Take no more; what waits is still given to the writer."""
        with self._changed:
            self._closed = True
            self._changed.wake_all()

    def stop_watching(self) -> None:
        self._stopped.set()
        if self._watchdog.is_alive():
            self._watchdog.join()

    def _watch(self) -> None:
        while not self._stopped.wait(_WATCH_EVERY):
            now = time.monotonic()
            with self._changed:
                late = [op for op in (*self._waiting, *self._running) if op.deadline < now and not op.expired]
                for operation in late:
                    operation.expired = True
                    operation.error = StoreUnavailable("the database took too long to answer")
                if late:
                    self._forget_expired()
            _answer(late)

    def _forget_expired(self) -> None:
        self._waiting = deque(operation for operation in self._waiting if not operation.expired)
        self._bytes = sum(operation.size for operation in self._waiting)


def _answer(operations: Iterable[Operation]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Operation]] = {}
    for operation in operations:
        by_loop.setdefault(operation.loop, []).append(operation)
    for loop, theirs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_hand_over, theirs)
        except RuntimeError:
            # The caller's loop is closed: nobody is left to hear.
            continue


def _hand_over(operations: list[Operation]) -> None:
    for operation in operations:
        if operation.future.done():
            continue
        if operation.error is not None:
            operation.future.set_exception(operation.error)
        else:
            operation.future.set_result(operation.result)


_ROW_BYTES = 1024
_BATCH_BYTES = 16 * 1024 * 1024
_WATCH_EVERY = 0.1
