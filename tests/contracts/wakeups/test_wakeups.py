"""Wake-ups: a hint wakes who waits, one that came before counts once, and a lost one is harmless."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from forgehand.adapters.procrastinate import ProcrastinateWakeups
from forgehand.adapters.wakeups import InProcessWakeups, PipeWakeups, wakeup_pipe
from forgehand.ports.wakeups import Wakeups

pytestmark = pytest.mark.anyio

LONG = 30.0
"""A test that has to wait this long has failed: it is the limit of a wait that must end by a hint."""
SHORT = 0.05


@pytest.fixture(params=["in process", "pipe", "procrastinate"])
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Wakeups, Wakeups]]:
    """The side that hints, and the side that waits."""
    kind = request.param
    dsn = request.getfixturevalue("postgres_url") if kind == "procrastinate" else ""
    async with _MAKERS[kind](dsn) as sides:
        yield sides


async def test_a_hint_wakes_who_waits(sides: tuple[Wakeups, Wakeups]) -> None:
    hinting, waiting = sides
    wait = asyncio.ensure_future(_woken(waiting))
    await _begun(wait)
    await hinting.hint(["job-1"])
    assert await wait


async def test_hints_that_came_before_count_once(sides: tuple[Wakeups, Wakeups]) -> None:
    hinting, waiting = sides
    for number in range(20):
        await hinting.hint([f"job-{number}"])
    assert await _woken(waiting)
    await _drained(waiting)
    await hinting.hint([])
    assert await _woken(waiting)


async def test_without_a_hint_the_wait_ends_by_itself(sides: tuple[Wakeups, Wakeups]) -> None:
    _, waiting = sides
    await waiting.wait(SHORT)
    assert not await _woken(waiting, SHORT)


async def test_a_hint_after_a_wait_that_timed_out_is_not_lost(sides: tuple[Wakeups, Wakeups]) -> None:
    hinting, waiting = sides
    await waiting.wait(SHORT)
    await hinting.hint(["job-1"])
    assert await _woken(waiting)


async def test_a_wait_that_is_cancelled_disturbs_nothing(sides: tuple[Wakeups, Wakeups]) -> None:
    hinting, waiting = sides
    wait = asyncio.ensure_future(waiting.wait(LONG))
    await _begun(wait)
    wait.cancel()
    await asyncio.wait([wait])
    assert wait.cancelled()
    await hinting.hint(["job-1"])
    assert await _woken(waiting)


async def _woken(wakeups: Wakeups, timeout: float = LONG) -> bool:
    """Whether a hint ended the wait, and not its limit."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await wakeups.wait(timeout)
    return loop.time() - began < timeout * 0.9


async def _drained(wakeups: Wakeups) -> None:
    """Wait until no hint is on its way any more."""
    while await _woken(wakeups, 0.5):
        pass


async def _begun(task: "asyncio.Future[object]") -> None:
    """Let a task run until it waits for something."""
    await asyncio.sleep(0)
    assert not task.done()


@asynccontextmanager
async def _in_process(_: str) -> AsyncIterator[tuple[Wakeups, Wakeups]]:
    wakeups = InProcessWakeups()
    yield wakeups, wakeups
    await wakeups.close()


@asynccontextmanager
async def _pipe(_: str) -> AsyncIterator[tuple[Wakeups, Wakeups]]:
    read, write = wakeup_pipe()
    parent, child = PipeWakeups(write=write), PipeWakeups(read=read)
    yield parent, child
    await parent.close()
    await child.close()


@asynccontextmanager
async def _procrastinate(dsn: str) -> AsyncIterator[tuple[Wakeups, Wakeups]]:
    hinting, waiting = ProcrastinateWakeups(dsn), ProcrastinateWakeups(dsn)
    yield hinting, waiting
    await hinting.close()
    await waiting.close()


_MAKERS: dict[str, Callable[[str], AbstractAsyncContextManager[tuple[Wakeups, Wakeups]]]] = {
    "in process": _in_process,
    "pipe": _pipe,
    "procrastinate": _procrastinate,
}
