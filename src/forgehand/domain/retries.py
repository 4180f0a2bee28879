"""How long to wait before trying again. Pure: the caller brings the random number."""

from collections.abc import Sequence

BACKOFF_SECONDS: Sequence[float] = (2, 10, 30, 120, 300, 600)


def backoff(attempt: int, jitter: float, *, at_least: float = 0.0) -> float:
    """Seconds to wait after failed attempt number `attempt` (1 is the first), spread by ±25 % with `jitter` in [0, 1),
    and never less than `at_least` (a server's Retry-After)."""
    base = BACKOFF_SECONDS[min(max(attempt, 1), len(BACKOFF_SECONDS)) - 1]
    return max(base * (0.75 + jitter / 2), at_least)
