"""How often to try again, and how long to wait before. Pure: the caller brings the random number."""

from collections.abc import Sequence

BACKOFF_SECONDS: Sequence[float] = (2, 10, 30, 120, 300, 600)

LAG_SECONDS = 5.0
"""How long GitHub's replicas may take to show what happened, where the operator does not say otherwise."""

MAX_ATTEMPTS = 12
"""With the pauses between them, GitHub may be away for an hour before a person has to look."""

_LATE_COPIES = 4
"""With the pauses between them, three quarters of a minute."""


def backoff(attempt: int, jitter: float, *, first: float = BACKOFF_SECONDS[0], at_least: float = 0.0) -> float:
    """Seconds to wait after failed attempt number `attempt` (1 is the first), spread by ±25 % with `jitter` in [0, 1),
    and never less than `at_least` (a server's Retry-After). `first` is the first pause; the others keep their ratio."""
    base = BACKOFF_SECONDS[min(max(attempt, 1), len(BACKOFF_SECONDS)) - 1] * first / BACKOFF_SECONDS[0]
    return max(base * (0.75 + jitter / 2), at_least)


def may_appear(attempt: int, most: int) -> bool:
    """Whether what GitHub does not show at this attempt, of `most`, may still appear: a webhook can be faster than the
    copy of GitHub's data that answers us."""
    return attempt < min(_LATE_COPIES, most)
