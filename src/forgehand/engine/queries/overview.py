"""The overview: what stands, what happened lately, and how healthy that is. Called by `web.admin`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from forgehand.domain.projections import DEAD, HOUR, OPEN, PLANNING, SPANS, UNKNOWN, WAITING
from forgehand.domain.tallies import Tally
from forgehand.engine.queries.lists import approval_rate
from forgehand.engine.queries.windows import Numbers, Window, lag, lately, totals, window


class Health(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    IDLE = "idle"
    """Nothing happened that could be judged."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One sign of health: `value` is what is judged, in seconds or percent, None where nothing happened."""

    name: str
    health: Health
    value: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at this moment."""

    under_way: int
    planning: int
    waiting: int
    dead_letters: int
    unknown_effects: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`counts` are totals by kind of fact. `now` maps a length to the window of this moment. `lag`: seconds by which
    all this is behind."""

    counts: Mapping[str, int]
    approval_rate: float
    standing: Standing
    now: Mapping[int, Window | None]
    tiles: tuple[Tile, ...]
    lag: float


async def overview(store: Numbers, now: float) -> Overview:
    everything = await totals(store)
    hours = await lately(store, HOUR, 2, now)
    due, behind = await store.next_due(), await lag(store, now)
    last = everything.last_at("event")
    share = next((each.success for each in hours if each.success is not None), None)
    slowest = next((each.job.p95 for each in hours if each.job.count), None)
    return Overview(
        counts={name: number for name, number in everything.counts.items() if not name.startswith("now.")},
        approval_rate=approval_rate(everything),
        standing=standing(everything),
        now={span: await window(store, span, now) for span in SPANS},
        tiles=(
            _at_most("last event", None if last is None else max(0.0, now - last), 15 * 60, 45 * 60, "ago"),
            _success(share),
            _backlog(standing(everything), 0.0 if due is None else max(0.0, now - due)),
            _at_most("p95", slowest, 60, 120, "from event to result"),
            _at_most("lag", behind, 15, 60, "behind"),
        ),
        lag=behind,
    )


def standing(everything: Tally) -> Standing:
    return Standing(*(everything.count(name) for name in (OPEN, PLANNING, WAITING, DEAD, UNKNOWN)))


def _success(share: float | None) -> Tile:
    if share is None:
        return Tile("success", Health.IDLE, None, "nothing ended in the last two hours")
    health = Health.GREEN if share >= 95 else Health.AMBER if share >= 80 else Health.RED
    return Tile("success", health, share, f"{share:g} % of the work succeeded")


def _backlog(stands: Standing, waited: float) -> Tile:
    """Much work is no trouble while it moves: judged is how long the oldest job that is due waits for a worker."""
    tile = _at_most("backlog", waited, 60, 300, "is how long the oldest waits")
    under_way = stands.under_way + stands.planning
    return Tile(tile.name, tile.health, tile.value, f"{under_way} to do; {tile.says}" if under_way else "nothing to do")


def _at_most(name: str, seconds: float | None, green: float, amber: float, word: str) -> Tile:
    if seconds is None:
        return Tile(name, Health.IDLE, None, "nothing yet")
    health = Health.GREEN if seconds <= green else Health.AMBER if seconds <= amber else Health.RED
    shown = f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return Tile(name, health, seconds, f"{shown} {word}")
