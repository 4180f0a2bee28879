"""What the JSON routes of `number_api` answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from forgehand.domain.facts import Fact
from forgehand.domain.tallies import Times
from forgehand.engine.queries import (
    DispatchRow,
    FailureRow,
    Overview,
    RepositoryRow,
    Standing,
    TargetRow,
    Tile,
    Window,
    WorkerRow,
)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """From `start` on for `span` seconds. `failed` are those given up too, `set_aside` those that something newer or a
    person ended; `success` is in percent of what completed or failed, null where nothing did. `job` is how long work
    took from when it was made, `run` its last attempt, `effect` a request; all in seconds."""

    start: float
    span: int
    received: int
    completed: int
    failed: int
    refused: int
    set_aside: int
    success: float | None
    job: Times
    run: Times
    effect: Times


@dataclass(frozen=True, slots=True)
class OverviewWhole:
    """`counts` are by kind of fact, since the beginning. `lag`: seconds by which all this is behind. `windows` are
    newest first, those in which nothing happened left out."""

    counts: Mapping[str, int]
    approval_rate: float
    standing: Standing
    tiles: tuple[Tile, ...]
    lag: float
    windows: tuple[WindowRow, ...]

    @classmethod
    def of(cls, known: Overview, windows: tuple[WindowRow, ...]) -> "OverviewWhole":
        return cls(known.counts, known.approval_rate, known.standing, known.tiles, known.lag, windows)


@dataclass(frozen=True, slots=True)
class Workers:
    """`last` as in Deliveries."""

    workers: tuple[WorkerRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class WorkerWhole:
    """`windows` as in OverviewWhole."""

    worker: WorkerRow
    windows: tuple[WindowRow, ...]


@dataclass(frozen=True, slots=True)
class Repositories:
    """`last` as in Deliveries."""

    repositories: tuple[RepositoryRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class RepositoryWhole:
    """`windows` as in OverviewWhole, by the hour."""

    repository: RepositoryRow
    windows: tuple[WindowRow, ...]


@dataclass(frozen=True, slots=True)
class Failures:
    """`last` as in Deliveries."""

    failures: tuple[FailureRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Audit:
    """`last` as in Deliveries."""

    facts: tuple[Fact, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Dispatches:
    """`last` as in Deliveries."""

    dispatches: tuple[DispatchRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Targets:
    """`last` as in Deliveries."""

    targets: tuple[TargetRow, ...]
    last: str | None


def window_row(each: Window) -> WindowRow:
    return WindowRow(
        start=each.start,
        span=each.span,
        received=each.received,
        completed=each.completed,
        failed=each.failed,
        refused=each.refused,
        set_aside=each.set_aside,
        success=each.success,
        job=each.job,
        run=each.run,
        effect=each.effect,
    )
