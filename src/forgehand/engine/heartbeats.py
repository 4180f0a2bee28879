"""Heartbeats: leases renewed from a thread of their own, so that a busy event loop does not lose its jobs, and
no longer renewed once the loop is wedged or a job's time is over, so that a stuck one does. Used by `engine.runner`.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from forgehand.ports.store import Fence, Jobs, StoreUnavailable

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    fence: Fence
    lost: Callable[[], None]
    next_beat: float
    until: float


class Heartbeats:
    """`every`, `lease` and `wedged_after` are seconds; `lost` callbacks run on the loop that called `start`."""

    def __init__(
        self,
        store: Jobs,
        clock: Callable[[], float],
        *,
        every: float,
        lease: float,
        wedged_after: float = 60.0,
        tick: float = 0.25,
    ) -> None:
        self._store = store
        self._clock = clock
        self._every = every
        self._lease = lease
        self._wedged_after = wedged_after
        self._tick = tick
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pulse = time.monotonic()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._feel_pulse()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._beat()), name="heartbeats", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._pulse_timer.cancel()
        if self._thread:
            self._thread.join(timeout=5)

    def add(self, fence: Fence, seconds: float, lost: Callable[[], None]) -> None:
        """Keep this lease alive for at most `seconds`. `lost` is called once when it is gone."""
        now = time.monotonic()
        with self._lock:
            # The first beat shows the job as running; a job that ends before it never costs that write.
            self._held[fence.job] = _Held(fence, lost, now + self._tick, now + seconds)

    def remove(self, fence: Fence) -> None:
        with self._lock:
            held = self._held.get(fence.job)
            if held and held.fence == fence:
                del self._held[fence.job]

    def _feel_pulse(self) -> None:
        self._pulse = time.monotonic()
        self._pulse_timer = self._loop.call_later(1.0, self._feel_pulse)

    async def _beat(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(self._tick)
            now = time.monotonic()
            if now - self._pulse > self._wedged_after:
                continue
            with self._lock:
                due = [held for held in self._held.values() if held.next_beat <= now < held.until]
            for held in due:
                try:
                    await self._renew(held, now)
                except Exception:
                    # Whatever it is, the other leases must not run out for it.
                    log.exception("heartbeat.failed", job=held.fence.job)

    async def _renew(self, held: _Held, now: float) -> None:
        try:
            kept = await self._store.renew(held.fence, self._lease, self._clock())
        except StoreUnavailable as error:
            # Not proof that the lease is gone; it runs out by itself if the store stays away.
            log.warning("heartbeat.missed", job=held.fence.job, why=error.why)
            return
        held.next_beat = now + self._every
        if not kept:
            self.remove(held.fence)
            self._loop.call_soon_threadsafe(held.lost)
