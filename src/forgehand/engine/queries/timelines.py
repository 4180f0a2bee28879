"""One delivery's path as a picture: a lane for each job, what it waited and ran, and the gaps between. Pure; called by
`web.admin`.

Places are percent of the picture's width. Time in which nothing ran is drawn narrow where it is long, and said in
words, so that a review of two seconds can be seen beside a wait of two days.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Job, JobState
from forgehand.engine.queries.journeys import Journey

GAP_SHARE = 0.25
"""Of the time in which something ran: a wait is drawn no wider."""
LEAST_GAP = 10.0
"""Seconds: a wait is named as a gap only where it is longer."""
SPOKEN = frozenset({"done", "unknown", "rejected", "refused"})
"""States of an effect that are worth a mark."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a job's life, from `at` for `width` percent. `state`: running work has the state in which it ended;
    what waits is `pending` or `waiting`."""

    at: float
    width: float
    state: str
    runs: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Mark:
    """An effect that came to this state here."""

    at: float
    state: str
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    job: Job
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]

    @property
    def waited(self) -> float:
        return sum(each.seconds for each in self.pieces if not each.runs)

    @property
    def ran(self) -> float:
        return sum(each.seconds for each in self.pieces if each.runs)


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that is drawn narrower than it was."""

    at: float
    width: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Timeline:
    start: float
    end: float
    lanes: tuple[Lane, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: float
    end: float
    state: str
    runs: bool


def timeline(journey: Journey, now: float) -> Timeline | None:
    """None where no job was made."""
    jobs = [*journey.planning, *(each.job for each in journey.jobs)]
    if not jobs:
        return None
    lives = {job.id: tuple(_life(job, journey.facts, now)) for job in jobs}
    start = journey.received.delivery.received_at
    scale = _Scale(start, [each for life in lives.values() for each in life])
    lanes = [_lane(job, lives[job.id], journey.facts, scale) for job in jobs]
    return Timeline(start, scale.end, tuple(lanes), tuple(scale.gaps()))


def _life(job: Job, facts: Iterable[Fact], now: float) -> Iterator[_Stretch]:
    """What the job's facts tell, one stretch after the other. When an attempt that is to be repeated began, none does:
    it is drawn from the end of the one before."""
    since, standing = job.created_at, str(JobState.PENDING)
    for fact in facts:
        group, _, state = fact.kind.partition(".")
        if group != "job" or fact.job != job.id or fact.at < since:
            continue
        seconds = fact.data.get("seconds")
        began = max(since, fact.at - seconds) if isinstance(seconds, int | float) else since
        if fact.data.get("was"):  # Nobody held it.
            began = fact.at
        yield from _stretch(since, began, standing, runs=False)
        yield from _stretch(began, fact.at, state, runs=True)
        since, standing = fact.at, state
    if job.state.held and job.started_at is not None:
        yield from _stretch(since, job.started_at, standing, runs=False)
        yield from _stretch(max(since, job.started_at), now, str(job.state), runs=True)
    elif not job.state.ended:
        yield from _stretch(since, now, str(job.state), runs=False)


def _stretch(start: float, end: float, state: str, *, runs: bool) -> Iterator[_Stretch]:
    if end > start:
        yield _Stretch(start, end, state, runs)


def _lane(job: Job, life: Sequence[_Stretch], facts: Iterable[Fact], scale: "_Scale") -> Lane:
    pieces = [
        Piece(scale.place(each.start), scale.width(each.start, each.end), each.state, each.runs, each.end - each.start)
        for each in life
    ]
    return Lane(job, tuple(pieces), tuple(_marks(job, facts, scale)))


def _marks(job: Job, facts: Iterable[Fact], scale: "_Scale") -> Iterator[Mark]:
    for fact in facts:
        group, _, state = fact.kind.partition(".")
        if group == "effect" and fact.job == job.id and state in SPOKEN:
            yield Mark(scale.place(fact.at), state, str(fact.data.get("summary") or fact.data.get("kind") or ""))


class _Scale:
    """From times to places, with long waits of everybody cut short."""

    def __init__(self, start: float, stretches: Sequence[_Stretch]) -> None:
        self.end = max([start, *(each.end for each in stretches)])
        edges = {start, self.end, *(edge for each in stretches for edge in (each.start, each.end))}
        self._times = sorted(edge for edge in edges if edge >= start)
        runs = _anything_runs(self._times, stretches)
        seconds = [b - a for a, b in pairwise(self._times)]
        busy = sum(each for each, ran in zip(seconds, runs, strict=True) if ran)
        widest = max(busy * GAP_SHARE, 1.0) if busy else self.end - start
        self._widths = [each if ran else min(each, widest) for each, ran in zip(seconds, runs, strict=True)]
        self._before = [0.0, *accumulate(self._widths)]
        self._whole = self._before[-1] or 1.0

    def place(self, at: float) -> float:
        at = min(max(at, self._times[0]), self.end)
        number = max(0, min(bisect_right(self._times, at) - 1, len(self._widths) - 1))
        if not self._widths:
            return 0.0
        before, a, b = self._before[number], self._times[number], self._times[number + 1]
        return round(100 * (before + (at - a) / (b - a) * self._widths[number]) / self._whole, 3)

    def width(self, start: float, end: float) -> float:
        return round(self.place(end) - self.place(start), 3)

    def gaps(self) -> Iterator[Gap]:
        for (a, b), width in zip(pairwise(self._times), self._widths, strict=True):
            if b - a > max(LEAST_GAP, 1.5 * width):
                yield Gap(self.place(a), self.width(a, b), b - a)


def _anything_runs(times: Sequence[float], stretches: Iterable[_Stretch]) -> list[bool]:
    """For each time but the last whether something runs from there to the next: how many begin, less those that end."""
    change = Counter[float]()
    for each in stretches:
        if each.runs:
            change[max(each.start, times[0])] += 1
            change[max(each.end, times[0])] -= 1
    return [running > 0 for running in accumulate(change[at] for at in times[:-1])]
