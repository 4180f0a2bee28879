"""When a target's window is open. Called by `target_worker`; it reads the time zones of the machine."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from forgehand.workers.dispatch.config import DAYS, Window

_DAY = 24 * 60


def opens(window: Window, now: float) -> float | None:
    """When it opens next, in epoch seconds; None where it is open now."""
    here = datetime.fromtimestamp(now, ZoneInfo(window.timezone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(-1, len(DAYS) + 1):
        day = midnight + timedelta(days=ahead)
        if DAYS[day.weekday()] not in window.days:
            continue
        begin, end = day + timedelta(minutes=window.begin), day + timedelta(minutes=_length(window) + window.begin)
        if begin <= here < end:
            return None
        if begin > here:
            return begin.timestamp()
    return None


def _length(window: Window) -> int:
    """In minutes; one that ends where it begins is open all day."""
    return (window.end - window.begin) % _DAY or _DAY
