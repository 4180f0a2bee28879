"""Windows, totals and the lag: rows of the projections as values. Called by `overview`, `lists` and `web.admin`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from forgehand.domain.paging import Last
from forgehand.domain.projections import ALL, TOTALS, WORKERS, Projection, window_series, window_start
from forgehand.domain.tallies import Tally, Times, tally_from
from forgehand.ports import store as ports

WORK = ("job",)
EVERY = ("job", "plan", "poll")
"""Work, planning and clockwork, as the kinds of facts begin."""


class Numbers(ports.Folding, ports.Reads, ports.Jobs, ports.Controls, Protocol):
    """The part of the store that numbers are read from."""


@dataclass(frozen=True, slots=True)
class Window:
    """What happened from `start` on for `span` seconds. `success`: of the work that ended, the share in percent that
    did not fail; None where none ended. `job`: from when work was made to its end. `counts` are by kind of fact, and
    `groups` those that are work here: planning and clockwork are work only where the window is of the worker that does
    it."""

    start: float
    span: int
    counts: Mapping[str, int]
    job: Times
    run: Times
    effect: Times
    groups: tuple[str, ...] = WORK

    @property
    def received(self) -> int:
        return self.counts.get("delivery.received", 0)

    @property
    def completed(self) -> int:
        return ended(self.counts, "completed", self.groups)

    @property
    def failed(self) -> int:
        return failed(self.counts, self.groups)

    @property
    def refused(self) -> int:
        return ended(self.counts, "refused", self.groups)

    @property
    def set_aside(self) -> int:
        """Jobs that something newer or a person ended."""
        return sum(ended(self.counts, state, self.groups) for state in ("superseded", "cancelled"))

    @property
    def success(self) -> float | None:
        return success(self.counts, self.groups)


async def windows(
    store: Numbers, span: int, limit: int, *, scope: str = ALL, before: Last | None = None, since: float = 0.0
) -> tuple[Window, ...]:
    """The last windows of a length in which something happened, newest first, none that begins before `since`. `scope`
    as in `window_series`."""
    rows = await store.projections(window_series(span, scope), limit, before, since)
    return tuple(_window(row, span, groups_of(scope)) for row in rows)


async def lately(store: Numbers, span: int, number: int, now: float, *, scope: str = ALL) -> tuple[Window, ...]:
    """Of the last `number` windows of a length, the one of this moment included, those in which something happened,
    newest first."""
    first = window_start(now, span) - (number - 1) * span
    return await windows(store, span, number, scope=scope, since=first)


async def window(store: Numbers, span: int, at: float, *, scope: str = ALL) -> Window | None:
    """The window that lies around a time; None where nothing happened in it."""
    row = await store.projection(window_series(span, scope), str(window_start(at, span)))
    return _window(row, span, groups_of(scope)) if row else None


async def totals(store: Numbers) -> Tally:
    """Everything since the beginning, and what stands now."""
    row = await store.projection(TOTALS, ALL)
    return tally_from(row.content, row.at) if row else Tally()


async def lag(store: Numbers, now: float) -> float:
    """Seconds by which the numbers are behind: the age of the oldest fact that is in none of them."""
    since = await store.unfolded_since()
    return 0.0 if since is None else max(0.0, now - since)


def groups_of(scope: str) -> tuple[str, ...]:
    """Under which groups of facts the work of a scope is counted: that of one worker is of one group, whichever."""
    return EVERY if scope.startswith(f"{WORKERS}/") else WORK


def ended(counts: Mapping[str, int], state: str, groups: tuple[str, ...] = WORK) -> int:
    return sum(counts.get(f"{group}.{state}", 0) for group in groups)


def failed(counts: Mapping[str, int], groups: tuple[str, ...] = WORK) -> int:
    return ended(counts, "failed", groups) + ended(counts, "dead_letter", groups)


def success(counts: Mapping[str, int], groups: tuple[str, ...] = WORK) -> float | None:
    completed, lost = ended(counts, "completed", groups), failed(counts, groups)
    return round(100 * completed / (completed + lost), 2) if completed + lost else None


def took(tally: Tally, groups: tuple[str, ...] = WORK) -> Times:
    """From when work was made to its end."""
    seen = [tally.times(group) for group in groups]
    return next((each for each in seen if each.count), Times())


def _window(row: Projection, span: int, groups: tuple[str, ...]) -> Window:
    tally = tally_from(row.content, row.at)
    return Window(row.at, span, tally.counts, took(tally, groups), tally.times("run"), tally.times("effect"), groups)
