"""`InProcessWakeups`: who enqueues and who works share a process. Used by `pipe` too, for a child's own hints."""

import asyncio
import threading
from collections.abc import Sequence


class InProcessWakeups:
    """Hints may come from any thread and any event loop; each waiter is woken in its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hinted = False
        self._waiters: list[asyncio.Future[None]] = []

    async def hint(self, job_ids: Sequence[str]) -> None:
        self.ring()

    def ring(self) -> None:
        """Hint, without awaiting: for callbacks and threads."""
        with self._lock:
            waiters, self._waiters = self._waiters, []
            self._hinted = not waiters
        for waiter in waiters:
            try:
                waiter.get_loop().call_soon_threadsafe(_wake, waiter)
            except RuntimeError:
                # Its loop is closed: it waits no more.
                continue

    async def wait(self, timeout: float) -> None:
        with self._lock:
            if self._hinted:
                self._hinted = False
                return
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=timeout)
        finally:
            self._leave(waiter)

    async def close(self) -> None:
        self.ring()

    def _leave(self, waiter: asyncio.Future[None]) -> None:
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
