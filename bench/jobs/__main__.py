"""`./dev bench jobs`: our jobs beside two queues alone. `bench/README.md` says how to read it."""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Any

from bench.jobs.contestants import AT_ONCE, EVERYONE, Contestant, Queue
from bench.support import machine, report
from bench.support.postgres import Cluster, cluster
from bench.support.process import line, running

from forgehand.adapters.wakeups import wakeup_pipe

IDLE_SECONDS = 0.05
"""Longest pause between single jobs; the shortest is a fifth of it."""


@dataclass(frozen=True)
class Drained:
    """Seconds for all jobs: to enqueue them, and then to work them off in a warm worker."""

    jobs: int
    enqueue: float
    drain: float


@dataclass(frozen=True)
class Delays:
    """Milliseconds from before a job is enqueued, its commit included, until its code runs in the warm, idle worker."""

    p50: float
    p99: float
    longest: float


def main() -> int:
    options = _options()
    drained: dict[str, list[Drained]] = {name: [] for name in EVERYONE}
    delays: dict[str, list[Delays]] = {name: [] for name in EVERYONE}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="forgehand-bench-")))
        postgres = stack.enter_context(cluster())
        made_on = machine.describe(folder, "procrastinate", "huey", "psycopg") | {
            "load before": f"{machine.load():.1f}"
        }
        # In turn, so that a slow minute of the machine is everybody's.
        for number in range(1, options.rounds + 1):
            for name, contestant in EVERYONE.items():
                if options.only and options.only not in name:
                    continue
                with _database(contestant, folder, postgres) as url:
                    drained[name].append(asyncio.run(_drain(name, url, folder, options.jobs)))
                with _database(contestant, folder, postgres) as url:
                    delays[name].append(asyncio.run(_delays(name, url, folder, options.singles)))
                report.say(f"round {number}: {contestant.name}: {drained[name][-1]} {delays[name][-1]}")
    _show(made_on, options.jobs, {name: (drained[name], delays[name]) for name in EVERYONE if drained[name]})
    kept = report.keep(
        "bench-jobs",
        {
            "machine": made_on,
            "drained": {name: [asdict(each) for each in seen] for name, seen in drained.items()},
            "delays": {name: [asdict(each) for each in seen] for name, seen in delays.items()},
        },
    )
    report.say(f"kept in {kept}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="enqueued, then drained (default 10,000)")
    parser.add_argument("--singles", type=int, default=300, help="jobs enqueued one by one when idle (default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn (default 3)")
    parser.add_argument("--only", default="", help=f"only those of {', '.join(EVERYONE)} with this in their names")
    return parser.parse_args()


@contextmanager
def _database(contestant: Contestant, folder: Path, postgres: Cluster) -> Iterator[str]:
    if contestant.database == "postgresql":
        with postgres.database() as url:
            yield url
    else:
        with TemporaryDirectory(dir=folder) as own:
            yield f"sqlite:///{own}/jobs.db"


async def _drain(name: str, url: str, folder: Path, jobs: int) -> Drained:
    async with _pair(name, url, folder) as (queue, worker, log):
        start = time.time()
        for first in range(0, jobs, AT_ONCE):
            await queue.enqueue(range(first, min(first + AT_ONCE, jobs)))
        enqueued = time.time()
        answer = await _worked(worker, log, jobs)
    return Drained(jobs, enqueued - start, answer["ended"] - enqueued)


async def _delays(name: str, url: str, folder: Path, singles: int) -> Delays:
    async with _pair(name, url, folder) as (queue, worker, log):
        working = asyncio.create_task(_worked(worker, log, singles))
        await asyncio.sleep(1.0)
        asked: list[float] = []
        for number in range(singles):
            await asyncio.sleep(random.uniform(IDLE_SECONDS / 5, IDLE_SECONDS))
            asked.append(time.time())
            await queue.enqueue([number])
        started = (await working)["started"]
    waited = [(started[str(number)] - asked[number]) * 1000 for number in range(singles)]
    return Delays(report.percentile(waited, 0.5), report.percentile(waited, 0.99), max(waited))


@asynccontextmanager
async def _pair(name: str, url: str, folder: Path) -> AsyncIterator[tuple[Queue, "Popen[bytes]", Path]]:
    """One contestant: here to enqueue, and warm in a process of its own to work."""
    read, write = wakeup_pipe()
    log = folder / "log"
    async with EVERYONE[name].open(url, None, write) as queue:
        command = [sys.executable, "-m", "bench.jobs.worker", name, url, str(read)]
        with running(command, log=log, pass_fds=(read,)) as worker:
            os.close(read)
            await asyncio.to_thread(line, worker, log)
            yield queue, worker, log


async def _worked(worker: "Popen[bytes]", log: Path, jobs: int) -> dict[str, Any]:
    assert worker.stdin is not None
    worker.stdin.write(f"{jobs}\n".encode())
    worker.stdin.flush()
    return json.loads(await asyncio.to_thread(line, worker, log, 240.0))


def _show(made_on: dict[str, str], jobs: int, seen: dict[str, tuple[list[Drained], list[Delays]]]) -> None:
    rows = [
        [
            EVERYONE[name].name,
            report.spread([each.jobs / each.enqueue for each in drained]),
            report.spread([each.jobs / each.drain for each in drained]),
            report.spread([each.p50 for each in delays], 1),
            report.spread([each.p99 for each in delays], 1),
        ]
        for name, (drained, delays) in seen.items()
    ]
    columns = ("engine", "enqueued/s", "drained/s", "p50 ms to start", "p99 ms to start")
    report.show(f"{jobs:,} jobs that do nothing", made_on, columns, rows)


if __name__ == "__main__":
    sys.exit(main())
