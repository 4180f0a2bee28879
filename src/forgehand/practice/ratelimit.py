"""The primary rate limit, counted per caller and hour. `api` counts; `routes.meta` shows.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from dataclasses import dataclass, field

HOUR = 3600


@dataclass
class Limits:
    """`core` requests an hour for an authenticated caller, `anonymous` for the others together."""

    core: int = 5000
    anonymous: int = 60_000
    """GitHub gives 60; the demo's pages and a test's bare requests would use that up."""
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def state(self, actor: str, now: float) -> dict[str, int]:
        """limit, used, remaining, and reset in epoch seconds."""
        reset, used = self._window(actor, now)
        limit = self.anonymous if actor == "anonymous" else self.core
        return {"limit": limit, "used": used, "remaining": max(0, limit - used), "reset": int(reset)}

    def count(self, actor: str, now: float) -> None:
        reset, used = self._window(actor, now)
        self._windows[actor] = (reset, used + 1)

    def _window(self, actor: str, now: float) -> tuple[float, int]:
        reset, used = self._windows.get(actor, (0.0, 0))
        return (reset, used) if now < reset else (now + HOUR, 0)


def headers(state: dict[str, int]) -> dict[str, str]:
    return {f"x-ratelimit-{name}": str(value) for name, value in state.items()} | {"x-ratelimit-resource": "core"}
