"""Several processes on one store: races, kill -9, and a holder that freezes and wakes up late."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from forgehand.domain.jobs import Change, JobState
from forgehand.domain.projections import ALL, TOTALS, window_series
from forgehand.domain.tallies import tally_from
from forgehand.engine.projector import Projector
from support.stores import NOW, a_fact, a_job, enqueue, finish, ids, opened, take

pytestmark = pytest.mark.anyio

CHILD = Path(__file__).with_name("child.py")
TESTS = Path(__file__).parents[2]
OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


async def test_racing_processes_claim_each_job_once(sql_url: str) -> None:
    names = [f"job-{number}" for number in range(120)]
    async with opened(sql_url) as store:
        await enqueue(
            store, *(a_job(name, key="" if number % 3 else f"key-{number % 4}") for number, name in enumerate(names))
        )
    async with child("race", sql_url, "left") as left, child("race", sql_url, "right") as right:
        for each in (left, right):
            assert await heard(each) == "ready"
        for each in (left, right):
            tell(each)
        claimed = await asyncio.gather(*(until_done(each) for each in (left, right)))
    assert sorted(claimed[0] + claimed[1]) == sorted(names)
    async with opened(sql_url) as store:
        jobs = await store.jobs(500, JobState.COMPLETED)
        assert sorted(ids(jobs)) == sorted(names)
        assert {(job.attempts, job.fence) for job in jobs} == {(1, 1)}


async def test_a_frozen_holder_that_wakes_up_late_can_write_nothing(sql_url: str) -> None:
    async with opened(sql_url) as store:
        await enqueue(store, a_job("job-1", key="K"))
        async with child("hold", sql_url, "job-1") as zombie:
            assert await heard(zombie) == "held"
            zombie.send_signal(signal.SIGSTOP)
            assert ids(await store.reclaim(NOW + 60, 30)) == ["job-1"]
            successor = await take(store, "job-1", holder="successor", now=NOW + 60)
            tell(zombie)
            zombie.send_signal(signal.SIGCONT)
            assert json.loads(await heard(zombie)) == ["fence lost", "False", "fence lost"]
        assert await store.job("job-1") == successor
        assert await store.entry("slot-1") is None
        assert await store.job("ghost") is None
        assert await store.mark("ghost") is None
        assert await finish(store, successor) == "yes"


@pytest.mark.parametrize("after", [1, 40, 150])
async def test_what_was_acknowledged_before_a_kill_is_there_and_nothing_is_half(sql_url: str, after: int) -> None:
    async with child("record", sql_url, "g") as recorder:
        acknowledged = [await heard(recorder) for _ in range(after)]
        acknowledged += await killed(recorder, sql_url)
    async with opened(sql_url) as store:
        assert await store.known_guids(acknowledged) == set(acknowledged)
        for stored in await store.deliveries(100_000):
            guid = stored.delivery.guid
            whole = await store.delivery(guid)
            assert whole is not None
            assert whole.delivery.body == guid.encode() * 500
            assert ids(await store.jobs_of(guid)) == [f"job of {guid}"]
            assert [fact.id for fact in await store.facts_of(delivery=guid)] == [f"fact of {guid}"]
        assert len(await store.jobs(100_000)) == len(await store.deliveries(100_000))


@pytest.mark.parametrize("after", [1, 60])
async def test_a_kill_amid_settling_leaves_each_job_settled_whole_or_held(sql_url: str, after: int) -> None:
    async with opened(sql_url) as store:
        await enqueue(store, *(a_job(f"step-{number}", key=f"K{number}") for number in range(4)))
    async with child("work", sql_url, "worker") as worker:
        acknowledged = [await heard(worker) for _ in range(after)]
        acknowledged += await killed(worker, sql_url)
    async with opened(sql_url) as store:
        jobs = {job.id: job for job in await store.jobs(100_000)}
        completed = {job_id for job_id, job in jobs.items() if job.state is JobState.COMPLETED}
        assert set(acknowledged) <= completed
        for job_id, job in jobs.items():
            number = int(job_id.partition("-")[2])
            assert (f"step-{number + 4}" in jobs) == (job_id in completed)
            assert (await store.mark(f"mark-{number}") == job_id) == (job_id in completed)
            assert "job.completed" in [f.kind for f in await store.facts_of(job=job_id)] or job_id not in completed
            assert job.state in (JobState.COMPLETED, JobState.PENDING, JobState.CLAIMED)
        await store.release("worker", NOW)
        unfinished = len(jobs) - len(completed)
        assert len(await store.claim_due("next", 60, NOW, 10)) == unfinished == 4


async def test_racing_projectors_that_are_killed_again_and_again_count_each_fact_once(sql_url: str) -> None:
    facts = [a_fact(f"f{number}") for number in range(600)]
    async with opened(sql_url) as store:
        for start, after in ((0, 1), (200, 5), (400, 10)):
            for at in range(start, start + 200, 20):
                await store.commit(Change(facts=(facts[0], *facts[at : at + 20])), NOW)
            async with (
                child("fold", sql_url, f"left {start}") as left,
                child("fold", sql_url, f"right {start}") as right,
            ):
                for each in (left, right):
                    assert await heard(each) == "ready"
                for each in (left, right):
                    tell(each)
                # Killed amid folding: there is more to fold each time that one of them says so.
                folding = [asyncio.create_task(until_said(each, after)) for each in (left, right)]
                await asyncio.wait(folding, return_when=asyncio.FIRST_COMPLETED)
                for each in (left, right):
                    each.kill()
                await asyncio.gather(*folding, return_exceptions=True)
        projector = Projector(store, lambda: time.time() + 60, holder="last")
        while await store.unfolded(1):
            await projector.once()
        totals, windows = await store.projection(TOTALS, ALL), await store.projections(window_series(300), 9)
    assert totals is not None
    for row in (totals, *windows):
        assert tally_from(row.content, row.at).counts == {"something.happened": len(facts)}


async def until_said(process: Process, times: int) -> None:
    for _ in range(times):
        await heard(process)


@contextlib.asynccontextmanager
async def child(verb: str, url: str, argument: str) -> AsyncIterator[Process]:
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), verb, url, argument, stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def heard(process: Process) -> str:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "the other process ended"
    return line.decode().strip()


def tell(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")


async def until_done(process: Process) -> list[str]:
    said: list[str] = []
    while (line := await heard(process)) != "done":
        said.append(line)
    return said


async def killed(process: Process, url: str) -> list[str]:
    """kill -9 it; gives what it had said whole by then, once nothing of it goes on."""
    process.kill()
    assert process.stdout is not None
    rest = (await process.stdout.read()).decode()
    if url.startswith("postgresql:"):
        await _nobody_else_is_connected(url)
    return rest.split("\n")[:-1]


async def _nobody_else_is_connected(url: str) -> None:
    """The server carries out what it was sent, even when whoever sent it is dead."""
    async with asyncio.timeout(60), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while await (await connection.execute(OTHERS)).fetchone() != (0,):
            pass
