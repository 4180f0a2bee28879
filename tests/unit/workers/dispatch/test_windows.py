"""When a window is open, and when it opens next: days, midnight and the hour that a clock skips."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from forgehand.workers.dispatch.config import Window
from forgehand.workers.dispatch.windows import opens

BERLIN = "Europe/Berlin"
OFFICE = Window(8 * 60, 17 * 60, ("mon", "tue", "wed", "thu", "fri"), BERLIN)
NIGHT = Window(22 * 60, 4 * 60, ("fri",), BERLIN)


def _at(text: str, zone: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("window", "now", "next_"),
    [
        (OFFICE, "2026-11-26T08:00", None),
        (OFFICE, "2026-11-26T16:59", None),
        (OFFICE, "2026-11-26T07:59", "2026-11-26T08:00"),
        (OFFICE, "2026-11-26T17:00", "2026-11-27T08:00"),
        (OFFICE, "2026-11-27T17:00", "2026-11-30T08:00"),
        (NIGHT, "2026-11-27T23:00", None),
        (NIGHT, "2026-11-28T03:59", None),
        (NIGHT, "2026-11-28T04:00", "2026-12-04T22:00"),
        (NIGHT, "2026-11-27T03:00", "2026-11-27T22:00"),
        (Window(timezone=BERLIN), "2026-11-26T00:00", None),
        (Window(days=("thu",), timezone=BERLIN), "2026-11-27T00:00", "2026-12-03T00:00"),
        # The night of 2026-03-29 has no 02:30.
        (Window(2 * 60 + 30, 5 * 60, timezone=BERLIN), "2026-03-29T04:30", None),
        # That of 2026-10-25 has two, one hour apart: the first one counts.
        (Window(2 * 60 + 30, 5 * 60, timezone=BERLIN), "2026-10-25T02:10", "2026-10-25T02:30"),
        (Window(2 * 60 + 30, 5 * 60, timezone=BERLIN), "2026-10-25T02:40", None),
    ],
)
def test_a_window_is_open_or_says_when_it_opens(window: Window, now: str, next_: str | None) -> None:
    assert opens(window, _at(now)) == (_at(next_) if next_ else None)


def test_it_never_opens_in_the_past_when_the_clocks_go_back() -> None:
    second = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo(BERLIN), fold=1).timestamp()
    assert opens(Window(2 * 60 + 30, 5 * 60, timezone=BERLIN), second) is None
    assert opens(Window(2 * 60 + 30, 2 * 60 + 50, timezone=BERLIN), second) == _at("2026-10-26T02:30")


def test_a_window_keeps_to_its_own_time_zone() -> None:
    tokyo = Window(9 * 60, 10 * 60, timezone="Asia/Tokyo")
    assert opens(tokyo, _at("2026-11-26T00:30", "UTC")) is None
    assert opens(tokyo, _at("2026-11-26T09:30", "UTC")) == _at("2026-11-27T00:00", "UTC")
