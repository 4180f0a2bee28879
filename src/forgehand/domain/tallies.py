"""What a projection's row holds: counts, durations, and the last word on a few things. Used by `projections`.

Adding steps is commutative and associative: whatever the order and the batches in which facts are folded, the same
facts give the same row, and the same text of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forgehand.domain.histograms import bucket_of, percentile


@dataclass(frozen=True, slots=True)
class Step:
    """What one fact does to one row: `counts` go up (or down), `seconds` are durations that were seen, `said` is true
    as of `at` unless something later was said. `series` and `name` are the row's key."""

    series: str
    name: str
    at: float
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    happened: float | None = None
    """When, where `at` is the start of a window."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds, with the percentiles as they were written."""

    count: int = 0
    mean: float = 0.0
    longest: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


class Tally:
    """A row while steps are added to it, and as it is read back. `at` is the time of the latest step."""

    __slots__ = ("_times", "at", "counts", "said")

    def __init__(self) -> None:
        self.at = 0.0
        self.counts: dict[str, int] = {}
        self.said: dict[str, tuple[float, str]] = {}
        """Name to when it was said, and what."""
        self._times: dict[str, _Durations] = {}

    def add(self, step: Step) -> None:
        self.at = max(self.at, step.at)
        for name, number in step.counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
        for name, seconds in step.seconds.items():
            self._times.setdefault(name, _Durations()).add(seconds)
        happened = step.at if step.happened is None else step.happened
        for name, value in step.said.items():
            self.said[name] = max(self.said.get(name, (0.0, "")), (happened, value))

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    def last(self, name: str) -> str:
        """What was said last under this name."""
        return self.said.get(name, (0.0, ""))[1]

    def last_at(self, name: str) -> float | None:
        return self.said[name][0] if name in self.said else None

    def times(self, name: str) -> Times:
        seen = self._times.get(name)
        return seen.told() if seen else Times()

    def text(self) -> str:
        """As JSON, the same for the same content."""
        held = {
            "counts": {name: number for name, number in self.counts.items() if number},
            "said": self.said,
            "times": {name: seen.plain() for name, seen in self._times.items()},
        }
        return json.dumps({name: each for name, each in held.items() if each}, sort_keys=True, separators=(",", ":"))


def tally_from(text: str, at: float) -> Tally:
    """A row as it was stored."""
    held = json.loads(text)
    tally = Tally()
    tally.at = at
    tally.counts = held.get("counts", {})
    tally.said = {name: (when, value) for name, (when, value) in held.get("said", {}).items()}
    tally._times = {name: _Durations.from_plain(seen) for name, seen in held.get("times", {}).items()}
    return tally


class _Durations:
    """Milliseconds are whole numbers, since the sum of many fractions depends on their order. `percentiles` are worked
    out when a row is written, never when one is read."""

    __slots__ = ("buckets", "longest", "percentiles", "sum")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.sum = 0
        self.longest = 0
        self.percentiles: list[float] | None = None

    def add(self, seconds: float) -> None:
        bucket = bucket_of(seconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        milliseconds = round(seconds * 1000)
        self.sum += milliseconds
        self.longest = max(self.longest, milliseconds)
        self.percentiles = None

    def plain(self) -> dict[str, Any]:
        return {
            "buckets": self.buckets,
            "sum": self.sum,
            "longest": self.longest,
            "p": self._percentiles(),
        }

    def told(self) -> Times:
        count = sum(self.buckets.values())
        return Times(count, self.sum / count / 1000, self.longest / 1000, *self._percentiles())

    @classmethod
    def from_plain(cls, held: Mapping[str, Any]) -> "_Durations":
        seen = cls()
        seen.buckets = {int(bucket): number for bucket, number in held["buckets"].items()}
        seen.sum, seen.longest, seen.percentiles = held["sum"], held["longest"], held["p"]
        return seen

    def _percentiles(self) -> list[float]:
        if self.percentiles is None:
            self.percentiles = [percentile(self.buckets, share) for share in (0.50, 0.95, 0.99)]
        return self.percentiles
