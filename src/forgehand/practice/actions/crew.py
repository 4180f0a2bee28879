"""The threads that execute workflow runs, and the processes they started. One crew for each forge."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

AT_ONCE = 2


@dataclass
class Crew:
    _pool: ThreadPoolExecutor | None = None
    _running: set["subprocess.Popen[bytes]"] = field(default_factory=set)
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._pool = self._pool or ThreadPoolExecutor(AT_ONCE, thread_name_prefix="practice-run")
            self._pool.submit(work)

    def communicate(self, process: "subprocess.Popen[bytes]", seconds: float) -> tuple[bytes, bool]:
        """What it printed, and whether it ended by itself in time; its whole group ends with it in any case."""
        with self._lock:
            self._running.add(process)
            closed = self._closed
        try:
            output, _ = process.communicate(timeout=0 if closed else seconds)
            return output, True
        except subprocess.TimeoutExpired:
            return b"", False
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """End what runs, and forget what waits."""
        with self._lock:
            self._closed, pool, running = True, self._pool, list(self._running)
        for process in running:
            _kill(process)
        if pool:
            pool.shutdown(wait=True, cancel_futures=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    _kill(process)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
