"""Failures that a test orders: which calls, how often, and what happens. `api` and `git_http` ask here.

    forge.faults.add("error_after", route="/repos/{owner}/{repo}/pulls/{pull_number}/reviews", method="POST")

Kinds, beside GitHub's pages on rate limits and errors that some of them follow
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api):

    error_before   5xx, nothing happened            error_after    5xx, but the effect is there
    secondary      403 or 429 with Retry-After      primary        403 with x-ratelimit-remaining: 0 and reset
                   (both: and so is every other call of the same caller until then)
    content        422 with Retry-After: too much was created in a short time
    cut_before     connection closed, no effect     cut_after      connection closed after the effect
    slow           the answer takes `seconds`       stale          lists leave out what is newer than `seconds`
    lands_later    502 now; the effect comes after `seconds`, or with `Forge.land_now()`
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "error_before",
    "error_after",
    "secondary",
    "primary",
    "content",
    "cut_before",
    "cut_after",
    "slow",
    "stale",
    "lands_later",
]


@dataclass(frozen=True)
class Asked:
    """What a fault is matched against. `route` is None for a path that is not modelled."""

    method: str
    path: str
    route: str | None
    query: Mapping[str, str]
    actor: str


@dataclass
class Fault:
    kind: Kind
    route: str | None
    method: str | None
    when: Callable[[Asked], bool] | None
    count: int | None
    skip: int
    status: int
    seconds: float
    retry_after: int
    hits: int = 0
    """How often it struck."""

    def matches(self, asked: Asked) -> bool:
        return (
            (self.route is None or self.route in (asked.route, asked.path))
            and (self.method is None or self.method.upper() == asked.method)
            and (self.when is None or self.when(asked))
        )


@dataclass
class Faults:
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        kind: Kind,
        *,
        route: str | None = None,
        method: str | None = None,
        when: Callable[[Asked], bool] | None = None,
        count: int | None = 1,
        skip: int = 0,
        status: int | None = None,
        seconds: float = 0.0,
        retry_after: int = 1,
    ) -> Fault:
        """Strike the next `count` matching calls (None: all) after letting `skip` pass.

        `route` is a template such as `/repos/{owner}/{repo}/issues/{issue_number}/comments` or an exact path;
        `status` is the code of `error_*` (502), `secondary` (403) and `lands_later` (502); `seconds` is how
        slow, how stale or how much later; `retry_after` counts seconds, also to the reset of `primary`.
        """
        default = 403 if kind in ("secondary", "primary") else 502
        fault = Fault(kind, route, method, when, count, skip, status or default, seconds, retry_after)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def strike(self, asked: Asked) -> Fault | None:
        """The fault for this call, counted; the first ordered one wins. Asked under the world's lock, since a condition
        may look at the world."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(asked):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.count is None or fault.hits < fault.count:
                    fault.hits += 1
                    return fault
        return None
