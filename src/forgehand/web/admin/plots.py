"""How much time the plots show. The page holds the numbers as a table, which `static/plots.js` draws. Used by pages
with plots.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from forgehand.domain.projections import ALL, HOUR, window_start
from forgehand.engine.queries import Numbers, Window, lately


@dataclass(frozen=True, slots=True)
class Reach:
    """`number` windows of `span` seconds; `?show=` names it."""

    name: str
    says: str
    span: int
    number: int


REACHES = (
    Reach("4h", "4 hours", 300, 48),
    Reach("12h", "12 hours", 900, 48),
    Reach("2d", "2 days", HOUR, 48),
    Reach("1w", "a week", HOUR, 168),
)
HOURLY = tuple(each for each in REACHES if each.span == HOUR)
"""What repositories and targets have."""


@dataclass(frozen=True, slots=True)
class Plots:
    """The windows of one reach, newest first; `first` and `latest` are where the first and the last of it begin."""

    windows: tuple[Window, ...]
    reach: Reach
    reaches: Sequence[Reach]
    first: int
    latest: int


async def plots(
    store: Numbers, request: Request, now: float, *, scope: str = ALL, reaches: Sequence[Reach] = REACHES
) -> Plots:
    reach = _chosen(request, reaches)
    latest = window_start(now, reach.span)
    windows = await lately(store, reach.span, reach.number, now, scope=scope)
    return Plots(windows, reach, reaches, latest - (reach.number - 1) * reach.span, latest)


def _chosen(request: Request, reaches: Sequence[Reach]) -> Reach:
    """`?show=`, or the first."""
    name = request.query_params.get("show")
    if not name:
        return reaches[0]
    found = next((each for each in reaches if each.name == name), None)
    if found is None:
        raise HTTPException(400, f"show= is one of: {', '.join(each.name for each in reaches)}.")
    return found
