"""One watcher for all listeners, only while somebody listens."""

import asyncio
from dataclasses import dataclass

import pytest

from forgehand.ports.store import StoreUnavailable
from forgehand.web.admin.live import MAX_LISTENERS, Live
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


@dataclass
class Number:
    """A change number, and how often it was asked for."""

    value: int = 7
    asked: int = 0
    down: bool = False

    async def __call__(self) -> int:
        self.asked += 1
        if self.down:
            raise StoreUnavailable("away")
        return self.value


async def test_a_listener_whose_page_is_old_hears_at_once() -> None:
    changes = Live(Number(7), poll_seconds=0.001).changes(seen=6)
    assert await anext(changes) == 7
    await changes.aclose()


async def test_a_listener_whose_page_is_new_hears_the_next_change() -> None:
    number = Number(7)
    changes = Live(number, poll_seconds=0.001).changes(seen=7)
    waiting = asyncio.create_task(anext(changes))
    await _until(lambda: number.asked > 2)
    assert not waiting.done()
    number.value = 8
    assert await waiting == 8
    await changes.aclose()


async def test_many_listeners_share_one_watcher_which_ends_with_the_last() -> None:
    number = Number()
    live = Live(number, poll_seconds=0.001)
    assert not live.watching
    listeners = [live.changes() for _ in range(5)]
    assert [await anext(each) for each in listeners] == [7] * 5
    assert (live.listeners, live.watching) == (5, True)
    for each in listeners:
        await each.aclose()
    assert (live.listeners, live.watching) == (0, False)
    before = number.asked
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert number.asked == before


async def test_a_store_that_is_away_for_a_while_ends_no_stream() -> None:
    number = Number(down=True)
    changes = Live(number, poll_seconds=0.001).changes(seen=7)
    waiting = asyncio.create_task(anext(changes))
    await _until(lambda: number.asked > 2)
    number.value, number.down = 9, False
    assert await waiting == 9
    await changes.aclose()


async def test_closing_ends_every_stream_so_that_the_server_can_stop() -> None:
    live = Live(Number(), poll_seconds=0.001)
    changes = live.changes()
    await anext(changes)
    waiting = asyncio.create_task(anext(changes, None))
    await asyncio.sleep(0)
    live.close()
    assert await waiting is None


async def test_a_stream_ends_after_its_time_so_that_sessions_are_looked_at_again() -> None:
    changes = Live(Number(), poll_seconds=0.001, stream_seconds=0.5).changes()
    assert [number async for number in changes] == [7]


@pytest.mark.parametrize("seen", ["²", "٣", "9" * 5000, "-1", "x", ""])
async def test_an_odd_number_seen_is_as_good_as_none(dashboard: Dashboard, seen: str) -> None:
    live: Live = dashboard.app.state.live
    streaming = asyncio.create_task(dashboard.client.get("/admin/events", params={"seen": seen}))
    await _until(lambda: live.listeners == 1 or streaming.done())
    live.close()
    assert (await streaming).status_code == 200


async def test_there_is_an_end_to_listeners(dashboard: Dashboard) -> None:
    live: Live = dashboard.app.state.live
    listeners = [live.changes() for _ in range(MAX_LISTENERS)]
    for each in listeners:
        await anext(each)
    answer = await dashboard.client.get("/admin/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    for each in listeners:
        await each.aclose()


async def _until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0)
