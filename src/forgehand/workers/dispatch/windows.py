"""When a target's window is open. Called by `target_worker`; it reads the time zones of the machine."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from forgehand.workers.dispatch.config import DAYS, Window

_DAY = 24 * 60


def opens(window: Window, now: float) -> float | None:
    """When it opens next, in epoch seconds; None where it is open now."""
    here = datetime.fromtimestamp(now, ZoneInfo(window.timezone))
    # The first of two, where the clocks go back.
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    for ahead in range(-1, len(DAYS) + 1):
        day = midnight + timedelta(days=ahead)
        if DAYS[day.weekday()] not in window.days:
            continue
        # Compared as moments: in that night an hour of the clock comes twice.
        begin, end = (
            (day + timedelta(minutes=minutes)).timestamp() for minutes in (window.begin, window.begin + _length(window))
        )
        if begin <= now < end:
            return None
        if begin > now:
            return begin
    return None


def _length(window: Window) -> int:
    """In minutes; one that ends where it begins is open all day."""
    return (window.end - window.begin) % _DAY or _DAY
