"""From a fact to the rows that pages read: `project(fact)` says what it adds to each. Pure; called by
`engine.projector`, and by the stores when they forget a fact.

A row is named by a series and a name. Timeless ones (`totals`, `workers`, `repositories`, `targets`, `names`) are kept
up to date for ever. Timed ones belong to a moment: windows of 5, 15 and 60 minutes, failures, and dispatches.

Counts are the kinds of facts, and a few that are easier to ask for: `job.*` is work that a delivery or a repository
caused, `plan.*` is planning, `poll.*` the clockwork; `now.*` is what stands at this moment.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor, isfinite

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import PLANNER, JobState
from forgehand.domain.tallies import Step, Tally, tally_from

TOTALS, ALL = "totals", "all"
WORKERS, REPOSITORIES, TARGETS, FAILURES = "workers", "repositories", "targets", "failures"
DISPATCHES = "dispatches"
"""Runs that were to start others: planned, or denied as a whole."""
NAMES = "names"
"""Repositories by name, in small letters: as `owner/name`, and as `name owner/name`."""
HOUR = 3600
SPANS = (300, 900, HOUR)
"""Seconds of the windows; each begins at a multiple of its length."""

OPEN, PLANNING, WAITING, DEAD, UNKNOWN = "now.open", "now.planning", "now.waiting", "now.dead_letter", "now.unknown"


@dataclass(frozen=True, slots=True)
class Projection:
    """A row as it is stored: `content` is the text of a `Tally`."""

    series: str
    name: str
    at: float
    content: str


def window_series(span: int, scope: str = ALL) -> str:
    """`scope` is `all`, `workers/review`, `repositories/22` or `targets/…`."""
    return f"{span}:{scope}"


def window_start(at: float, span: int) -> int:
    return floor(at / span) * span


def timed(series: str) -> bool:
    """Whether the rows of a series belong to a moment: their `at` never changes."""
    return series in (FAILURES, DISPATCHES) or series[:1].isdigit()


def goes(series: str) -> bool:
    """Whether the rows of a series go with age, as facts do. The hours of everything and of each worker stay."""
    stays = (window_series(HOUR), window_series(HOUR, f"{WORKERS}/"))
    return timed(series) and series != stays[0] and not series.startswith(stays[1])


def project(fact: Fact) -> tuple[Step, ...]:
    """What this fact adds to rows. Never raises, whatever a fact holds: it would stop all that come after it."""
    return tuple(_steps(fact)) if isfinite(fact.at) else ()


def by_row(facts: Iterable[Fact]) -> dict[tuple[str, str], list[Step]]:
    """The steps of all these facts, those of one row together."""
    steps: dict[tuple[str, str], list[Step]] = {}
    for fact in facts:
        for step in project(fact):
            steps.setdefault((step.series, step.name), []).append(step)
    return steps


def lasting(facts: Iterable[Fact]) -> dict[tuple[str, str], list[Step]]:
    """The same, without rows that belong to a moment."""
    return {key: steps for key, steps in by_row(facts).items() if not timed(key[0])}


def rows_after(steps: Mapping[tuple[str, str], Iterable[Step]], stored: Iterable[Projection]) -> list[Projection]:
    """The rows that these steps touch, as they will be; `stored` are those that are there."""
    known = {(row.series, row.name): row for row in stored}
    rows = []
    for (series, name), own in steps.items():
        before = known.get((series, name))
        tally = tally_from(before.content, before.at) if before else Tally()
        for step in own:
            tally.add(step)
        rows.append(Projection(series, name, tally.at, tally.text()))
    return rows


def _steps(fact: Fact) -> Iterator[Step]:
    counts, seconds, said, made = _counts(fact), _seconds(fact), _said(fact), _made(fact)
    begun = {PLANNING: made.get(PLANNER, 0), OPEN: sum(made.values()) - made.get(PLANNER, 0)}
    yield from _tallied(fact, TOTALS, ALL, ALL, SPANS, _sum(counts, begun), seconds, said)
    worker = _text(fact, "worker")
    if worker:
        own = {name: number for name, number in counts.items() if name != UNKNOWN}
        yield from _tallied(fact, WORKERS, worker, f"{WORKERS}/{worker}", SPANS, own, seconds, said)
    for each, number in made.items():
        yield Step(WORKERS, each, fact.at, {PLANNING if each == PLANNER else OPEN: number})
    if fact.repository_id is not None:
        # How much is under way is not known of each: the fact of a planning names its workers only.
        own = {name: number for name, number in counts.items() if name not in (OPEN, PLANNING, UNKNOWN)}
        name, named = str(fact.repository_id), _named(fact, said)
        yield from _tallied(fact, REPOSITORIES, name, f"{REPOSITORIES}/{name}", (HOUR,), own, seconds, named)
        yield from _called(fact, name)
    if target := _text(fact, "target"):
        yield from _tallied(fact, TARGETS, target, f"{TARGETS}/{target}", (HOUR,), counts, seconds, said)
    if fact.kind in _TROUBLE or fact.kind.endswith(".failed"):
        yield Step(FAILURES, fact.id, fact.at, said=_told(fact))
    if fact.kind in _DISPATCHED:
        yield Step(DISPATCHES, fact.id, fact.at, said=_dispatched(fact))


def _tallied(
    fact: Fact,
    series: str,
    name: str,
    scope: str,
    spans: tuple[int, ...],
    counts: Mapping[str, int],
    seconds: Mapping[str, float],
    said: Mapping[str, str],
) -> Iterator[Step]:
    """One row for ever, and one in each kind of window, which does not count what merely stands."""
    yield Step(series, name, fact.at, counts, seconds, said)
    passing = {each: number for each, number in counts.items() if not each.startswith("now.")}
    for span in spans:
        start = window_start(fact.at, span)
        yield Step(window_series(span, scope), str(start), start, passing, seconds, happened=fact.at)


def _counts(fact: Fact) -> dict[str, int]:
    group, _, what = fact.kind.partition(".")
    if group == "job":
        return _counts_of_job(fact, what)
    counts = {fact.kind: 1}
    match fact.kind:
        case "delivery.received":
            counts[f"event.{_text(fact, 'event') or 'unknown'}"] = 1
        case "review.judged":
            counts[f"review.{_text(fact, 'verdict') or 'unknown'}"] = 1
        case "tests.judged":
            counts[f"tests.{_text(fact, 'verdict') or 'unknown'}"] = 1
        case "effect.unknown":
            counts[UNKNOWN] = 1
        case "admin.settle":
            counts[UNKNOWN] = -1
    return counts


def _counts_of_job(fact: Fact, state: str) -> dict[str, int]:
    planning = _text(fact, "worker") == PLANNER
    if fact.delivery is None and fact.repository_id is None:
        return {f"poll.{state}": 1}
    counts = {f"{'plan' if planning else 'job'}.{state}": 1}
    before, after = _standing(_text(fact, "was"), planning), _standing(state, planning)
    if before != after:
        counts |= {name: by for name, by in ((before, -1), (after, 1)) if name}
    return counts


def _standing(state: str, planning: bool) -> str:
    """Where a job in this state stands now; empty once it is over. Without a word about it, it was held."""
    match state:
        case "" | JobState.PENDING | JobState.CLAIMED | JobState.RUNNING:
            return PLANNING if planning else OPEN
        case JobState.WAITING:
            return WAITING
        case JobState.DEAD_LETTER:
            return DEAD
    return ""


def _made(fact: Fact) -> dict[str, int]:
    """Worker to the number of jobs that came with this fact."""
    made = fact.data.get("made")
    if not isinstance(made, Mapping):
        return {}
    return {str(worker): number for worker, number in made.items() if isinstance(number, int)}


def _seconds(fact: Fact) -> dict[str, float]:
    """`job`: from when a job was made to its end; `run`: of its last attempt; `effect`: of the request."""
    age, ran = _number(fact, "age"), _number(fact, "seconds")
    if fact.kind.startswith("effect."):
        return {} if ran is None else {"effect": ran}
    if fact.delivery is None and fact.repository_id is None:
        return {}
    planning = _text(fact, "worker") == PLANNER
    named = {"plan" if planning else "job": age, "run": None if planning else ran}
    return {name: seconds for name, seconds in named.items() if seconds is not None}


def _said(fact: Fact) -> dict[str, str]:
    if fact.kind == "delivery.received":
        return {"event": _text(fact, "event")}
    worker = _text(fact, "worker")
    return {f"job.{worker}": fact.kind.removeprefix("job.")} if worker and fact.kind.startswith("job.") else {}


def _named(fact: Fact, said: Mapping[str, str]) -> Mapping[str, str]:
    name = _text(fact, "repository")
    return {**said, "name": name} if name else said


def _called(fact: Fact, repository: str) -> Iterator[Step]:
    full = _text(fact, "repository")
    if full:
        key = full.casefold()
        for name in (key, f"{key.rpartition('/')[2]} {key}"):
            yield Step(NAMES, name, fact.at, said={"id": repository, "name": full})


def _told(fact: Fact) -> dict[str, str]:
    """What a list of failures shows of one."""
    words = {
        name: _text(fact, name) for name in ("why", "summary", "repository", "subject", "worker", "slot", "target")
    }
    told = {"kind": fact.kind, "job": fact.job or "", "delivery": fact.delivery or "", **words}
    return {name: value for name, value in told.items() if value}


def _dispatched(fact: Fact) -> dict[str, str]:
    """What a list of dispatches shows of one, and where its plan is."""
    words = {name: _text(fact, name) for name in ("from", "workflow", "head", "reason", "why")}
    numbers = {name: str(fact.data.get(name) or "") for name in ("run", "attempt")}
    told = {"kind": fact.kind, "job": fact.job or "", "delivery": fact.delivery or "", **words, **numbers}
    return {name: value for name, value in told.items() if value}


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    both = {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}
    return {name: number for name, number in both.items() if number}


def _text(fact: Fact, name: str) -> str:
    value = fact.data.get(name)
    return value if isinstance(value, str) else ""


def _number(fact: Fact, name: str) -> float | None:
    value = fact.data.get(name)
    return min(max(0.0, value), _LONGEST) if isinstance(value, int | float) and isfinite(value) else None


_LONGEST = 1e9
"""Seconds: whatever says more is mistaken."""
_DISPATCHED = frozenset({"dispatch.plan.created", "dispatch.request.denied"})
_TROUBLE = frozenset({"job.dead_letter", "effect.rejected", "effect.unknown", "effect.refused", "poll.unreadable"})
