"""Analysers of parallel reviews take turns."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from forgehand.adapters.analysers.queue import Queue
from forgehand.ports.children import Finished

pytestmark = pytest.mark.anyio


class Slow:
    """Counts how many of it run at once; each ends when it is let go."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.ended = asyncio.Event()

    async def run(self, argv: Sequence[str], **_: object) -> Finished:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.ended.wait()
        self.running -= 1
        return Finished(0, b"", b"", 0.0)


async def test_no_more_run_at_once_than_there_is_room_for_and_all_have_their_turn() -> None:
    slow = Slow()
    queue = Queue(slow, 2)
    waiting = [asyncio.create_task(queue.run(["x"], cwd=Path("/"))) for _ in range(16)]
    await asyncio.wait(waiting, timeout=0.05)
    assert slow.running == 2
    slow.ended.set()
    assert [done.code for done in await asyncio.gather(*waiting)] == [0] * 16
    assert slow.most == 2
