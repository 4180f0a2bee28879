"""Another process with the same store, run by `test_processes`: `child.py VERB URL [ARGUMENTS]`.

It says each thing on a line of its own once it is true, and waits for a line on stdin where the test says when.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from forgehand.domain.jobs import Change, Done, settle
from forgehand.engine.projector import Projector
from forgehand.ports.store import Store
from support.stores import NOW, a_delivery, a_fact, a_job, an_entry, fence_of, opened, take


async def race(store: Store, holder: str) -> None:
    """Claim everything that is due, a few at a time, and settle it."""
    say("ready")
    await told()
    while claimed := await store.claim_due(holder, 60, NOW, 3):
        for job in claimed:
            say(job.id)
            await store.settle(settle(job, Done({"by": holder}), NOW, 0.5), fence_of(job), NOW)
    say("done")


async def hold(store: Store, job_id: str) -> None:
    """Claim a job; when told (after being frozen), try every write of a holder."""
    job = await take(store, job_id, holder="zombie", lease=10)
    say("held")
    await told()
    change = replace(settle(job, Done(), NOW, 0.5), enqueue=(a_job("ghost"),), marks={"ghost": "1"})
    answers = [
        str(await store.write_entry(an_entry(job=job_id), fence_of(job), NOW)),
        str(await store.renew(fence_of(job), 60, NOW)),
        str(await store.settle(change, fence_of(job), NOW)),
    ]
    say(json.dumps(answers))


async def record(store: Store, prefix: str) -> None:
    """Record deliveries without end, eight at a time; say each GUID once it is acknowledged."""

    async def one_after_another(lane: int) -> None:
        number = 0
        while True:
            guid = f"{prefix}-{lane}-{number}"
            change = Change(
                enqueue=(a_job(f"job of {guid}", delivery=guid),), facts=(a_fact(f"fact of {guid}", delivery=guid),)
            )
            await store.record(a_delivery(guid, body=guid.encode() * 500), change)
            say(guid)
            number += 1

    await asyncio.gather(*(one_after_another(lane) for lane in range(8)))


async def work(store: Store, holder: str) -> None:
    """Settle the job `step-N` with its follow-up `step-N+1` without end; say each once it is acknowledged."""
    while True:
        for job in await store.claim_due(holder, 60, NOW, 4):
            number = int(job.id.partition("-")[2])
            change = replace(
                settle(job, Done({"n": number}), NOW, 0.5),
                enqueue=(a_job(f"step-{number + 4}", key=job.key),),
                marks={f"mark-{number}": job.id},
            )
            await store.settle(change, fence_of(job), NOW)
            say(job.id)


async def fold(store: Store, holder: str) -> None:
    """Fold whatever comes, without end, a few facts at a time and against whoever else does; say that more are left."""

    async def crowded() -> bool:
        # Asked after each commit that does not take the last of them.
        say("more")
        return False

    projector = Projector(store, time.time, holder=holder, lease=0.05, facts_at_a_time=7, crowded=crowded)
    say("ready")
    await told()
    while True:
        await projector.once()
        await asyncio.sleep(0.001)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def told() -> None:
    await asyncio.to_thread(sys.stdin.readline)


VERBS: dict[str, Callable[[Store, str], Awaitable[None]]] = {
    "race": race,
    "hold": hold,
    "record": record,
    "work": work,
    "fold": fold,
}


async def main(verb: str, url: str, argument: str) -> None:
    async with opened(url) as store:
        await VERBS[verb](store, argument)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
