"""A lock, and threads that wait for something to do, of which the last to come is woken first. Used by `queue`.

A `threading.Condition` wakes who has waited longest. Then work that comes now and then goes round all threads, and each
time to the one whose memory, and whose database connection's, was left alone for longest: on PostgreSQL an idle worker
was measured to begin a job a fifth later.
"""

import threading
from types import TracebackType


class LastFirst:
    """Used with `with`, as a `threading.Condition`; all methods are called while it is held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asleep: list[threading.Lock] = []

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()

    @property
    def asleep(self) -> int:
        return len(self._asleep)

    def wait(self) -> None:
        """Sleep without the lock until woken."""
        mine = threading.Lock()
        mine.acquire()
        self._asleep.append(mine)
        self._lock.release()
        try:
            mine.acquire()
        finally:
            self._lock.acquire()

    def wake(self) -> None:
        """One of those asleep, if there are any."""
        if self._asleep:
            self._asleep.pop().release()

    def wake_all(self) -> None:
        while self._asleep:
            self.wake()
