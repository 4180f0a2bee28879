"""The primary rate limit, counted per caller and hour, and secondary ones. `api` counts; `routes.meta` shows.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import threading
from dataclasses import dataclass, field

HOUR = 3600


@dataclass
class Limits:
    """`core` requests an hour for an authenticated caller, `anonymous` for the others together."""

    core: int = 5000
    anonymous: int = 60_000
    """GitHub gives 60; the demo's pages and a test's bare requests would use that up."""
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)
    _closed: dict[str, tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def state(self, actor: str, now: float) -> dict[str, int]:
        """limit, used, remaining, and reset in epoch seconds."""
        with self._lock:
            reset, used = self._window(actor, now)
        limit = self._limit(actor)
        return {"limit": limit, "used": used, "remaining": max(0, limit - used), "reset": int(reset)}

    def count(self, actor: str, now: float) -> None:
        with self._lock:
            reset, used = self._window(actor, now)
            self._windows[actor] = (reset, used + 1)

    def exhaust(self, actor: str, reset: float) -> None:
        """Nothing is left to this caller before `reset`."""
        with self._lock:
            self._windows[actor] = (reset, self._limit(actor))

    def close(self, actor: str, until: float, status: int) -> None:
        """A secondary limit: each call of this caller is answered `status` before `until`."""
        with self._lock:
            self._closed[actor] = (until, status)

    def closed(self, actor: str, now: float) -> tuple[float, int] | None:
        """Until when, and with which status; None where there is no such limit."""
        with self._lock:
            until, status = self._closed.get(actor, (now, 0))
        return (until, status) if now < until else None

    def _limit(self, actor: str) -> int:
        return self.anonymous if actor == "anonymous" else self.core

    def _window(self, actor: str, now: float) -> tuple[float, int]:
        reset, used = self._windows.get(actor, (0.0, 0))
        return (reset, used) if now < reset else (now + HOUR, 0)


def headers(state: dict[str, int]) -> dict[str, str]:
    return {f"x-ratelimit-{name}": str(value) for name, value in state.items()} | {"x-ratelimit-resource": "core"}
