"""A hint from another process wakes; and nothing breaks when the other process, or the database, goes away."""

import asyncio
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from forgehand.adapters.procrastinate import ProcrastinateWakeups
from forgehand.adapters.wakeups import InProcessWakeups, PipeWakeups, wakeup_pipe
from support import postgres

pytestmark = pytest.mark.anyio

HINTER = Path(__file__).with_name("hinter.py")


async def test_a_byte_from_another_process_wakes() -> None:
    read, write = wakeup_pipe()
    waiting = PipeWakeups(read=read)
    async with asyncio.timeout(30):
        wait = asyncio.ensure_future(waiting.wait(60))
        await _hint_from_elsewhere("pipe", str(write), pass_fds=(write,))
        await wait
    await PipeWakeups(write=write).close()
    await waiting.close()


async def test_a_task_from_another_process_wakes(postgres_url: str) -> None:
    waiting = ProcrastinateWakeups(postgres_url)
    async with asyncio.timeout(60):
        wait = asyncio.ensure_future(waiting.wait(90))
        await _hint_from_elsewhere("postgres", postgres_url)
        await wait
    await waiting.close()


async def test_each_of_two_waiting_workers_is_woken_in_the_end(postgres_url: str) -> None:
    hinting = ProcrastinateWakeups(postgres_url)
    workers = [ProcrastinateWakeups(postgres_url) for _ in range(2)]
    waits = {asyncio.ensure_future(worker.wait(90)) for worker in workers}
    async with asyncio.timeout(60):
        number = 0
        while waits:
            number += 1
            await hinting.hint([f"job-{number}"])
            _, waits = await asyncio.wait(waits, timeout=0.2)
    for each in (hinting, *workers):
        await each.close()


async def test_who_is_gone_is_not_kept_among_the_workers(postgres_url: str) -> None:
    async def woken(*, while_there: str = "") -> list[tuple[int]]:
        waiting = ProcrastinateWakeups(postgres_url)
        await _hint_until_woken(waiting, waiting)
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as other:
            if while_there:
                await other.execute(while_there)
            await waiting.close()
            return await (await other.execute("SELECT count(*) FROM procrastinate_workers")).fetchall()

    killed = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"
    assert await woken(while_there=killed) == [(1,)]
    assert await woken() == [(0,)]


async def test_hinting_never_raises_while_the_database_is_away(postgres_cluster: postgres.Cluster) -> None:
    hinting, waiting = ProcrastinateWakeups(postgres_cluster.url), ProcrastinateWakeups(postgres_cluster.url)
    await _hint_until_woken(hinting, waiting)
    await asyncio.to_thread(postgres_cluster.stop)
    await hinting.hint(["job-2"])
    await waiting.wait(0.2)
    await asyncio.to_thread(postgres_cluster.start)
    await _hint_until_woken(hinting, waiting)
    await hinting.close()
    await waiting.close()


async def test_a_child_whose_parent_died_waits_in_peace_and_wakes_itself() -> None:
    read, write = wakeup_pipe()
    parent, child = PipeWakeups(write=write), PipeWakeups(read=read)
    await child.wait(0.01)
    await parent.close()
    await child.wait(0.05)
    await child.hint(["job-1"])
    async with asyncio.timeout(30):
        await child.wait(60)
    await child.close()


async def test_a_parent_whose_child_died_hints_in_peace() -> None:
    read, write = wakeup_pipe()
    await PipeWakeups(read=read).close()
    parent = PipeWakeups(write=write)
    for _ in range(3):
        await parent.hint(["job-1"])
    await parent.close()


async def test_a_full_pipe_takes_more_hints_without_waiting() -> None:
    read, write = wakeup_pipe()
    parent, child = PipeWakeups(write=write), PipeWakeups(read=read)
    async with asyncio.timeout(30):
        for _ in range(100_000):
            await parent.hint(["job-1"])
        await child.wait(60)
    await parent.close()
    await child.close()


async def test_a_thread_wakes_a_waiter_in_its_own_loop() -> None:
    wakeups = InProcessWakeups()
    wait = asyncio.ensure_future(wakeups.wait(60))
    await asyncio.sleep(0)
    threading.Thread(target=lambda: asyncio.run(wakeups.hint(["job-1"]))).start()
    async with asyncio.timeout(30):
        await wait


async def _hint_until_woken(hinting: ProcrastinateWakeups, waiting: ProcrastinateWakeups) -> None:
    """A hint that comes before anybody listens is found only when tasks are next fetched: the later ones are heard."""
    woken = asyncio.ensure_future(waiting.wait(90))
    async with asyncio.timeout(60):
        while not woken.done():
            await hinting.hint(["job-1"])
            await asyncio.wait([woken], timeout=0.2)


async def _hint_from_elsewhere(*arguments: str, pass_fds: tuple[int, ...] = ()) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, str(HINTER), *arguments, pass_fds=pass_fds)
    assert await process.wait() == 0
