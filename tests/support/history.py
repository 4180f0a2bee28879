"""A store as a team leaves it after two days, for pages that show numbers: the same every time."""

from collections.abc import Iterator
from math import sin
from random import Random

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Change
from forgehand.domain.pulls import PullStage, Standing
from forgehand.engine.operations import Operations
from forgehand.engine.projector import Projector
from forgehand.ports.store import Store
from support import dispatches, stories

REPOSITORIES = {
    42: "acme/widgets",
    43: "acme/storefront",
    44: "acme/payments-gateway",
    45: "octo-labs/a-repository-with-quite-a-long-name",
}
GUID = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01"
"""The delivery of which everything is known."""
WORKERS = (("review", 2.4), ("testing", 11.0), ("decision", 0.4))
"""Each with the seconds that it usually takes."""
DAYS = 2
PART = 90


async def everything(store: MemoryStore, now: float) -> tuple[str, str]:
    """Two days, and lately one of everything; gives the ids of a job and of an effect."""
    await stories.failed(store, "failed", now - 4000)
    await stories.dead(store, "dead", now - 1300)
    _, entry = await stories.unknown(store, "unknown", now - 500)
    job = await stories.reviewed(store, GUID, now - 100)
    await stories.received(store, "planning", now - 2)
    await stories.decided(store, 7, now - 40)
    await stories.decided(store, 8, now - 50, title="A title without an end: " + "x" * 180)
    await stories.queued(store, now - 90, 4, 5, 6)
    ended = {"state": PullStage.MERGED, "standing": Standing.MERGED, "title": "Say when we open"}
    await stories.decided(store, 3, now - 400, stories.READY, **ended)
    operations = Operations(store, stories.HintedWakeups(), lambda: now - 200)
    await operations.pause("operator (one-time link)", "GitHub is slow")
    await operations.resume("operator (one-time link)")
    await dispatches.denied(store, now - 900)
    await dispatches.dispatched(store, now - 700)
    await two_days(store, now)
    return job.id, entry.slot


async def two_days(store: Store, now: float, every: float = 400.0) -> None:
    """Facts of the two days before `now`, with a delivery every so many seconds, and the numbers made of them."""
    facts = list(_facts(Random(7), now, every))
    for start in range(0, len(facts), PART):
        await store.commit(Change(facts=tuple(facts[start : start + PART])), now)
    projector = Projector(store, lambda: now, holder="history")
    while await store.unfolded_since() is not None:
        await projector.once()


def _facts(chance: Random, now: float, every: float) -> Iterator[Fact]:
    at = now - DAYS * 86400
    number = 0
    while at < now - 60:
        number += 1
        busy = 1.0 + sin((at % 86400) / 86400 * 6.283 - 2.0)
        at += chance.expovariate(1 / every) / (0.15 + busy)
        yield from _one(chance, min(at, now - 30), number)


def _one(chance: Random, at: float, number: int) -> Iterator[Fact]:
    guid = f"5f{number:06x}-c5f1-11f0-9a3e-2f6a0c0f0a01"
    event = chance.choices(["pull_request", "push", "check_run", "issue_comment"], [4, 2, 3, 1])[0]
    yield Fact(fact_id("received", guid), "delivery.received", at, delivery=guid, data={"event": event})
    if event != "pull_request":
        return
    repository = chance.choices(list(REPOSITORIES), [6, 3, 2, 1])[0]
    pull = f"pull/{number % 90 + 1}"
    made = {"made": {worker: 1 for worker, _ in WORKERS}}
    yield Fact(fact_id("planned", guid), "delivery.planned", at, guid, repository_id=repository, data=made)
    for worker, usual in WORKERS:
        state = chance.choices(["completed", "superseded", "failed", "refused"], [93, 4, 2, 1])[0]
        took = usual * chance.lognormvariate(0.0, 0.7)
        said = {"repository": REPOSITORIES[repository], "subject": pull, "worker": worker}
        why = {"failed": "the App may not read contents: grant it “Contents: read”"}.get(state, "")
        data = {**said, "age": took + chance.random(), "seconds": took, "why": why, "attempt": 1}
        job = fact_id(guid, worker)
        yield Fact(fact_id("job", job), f"job.{state}", at + took, guid, job, repository, data)
        if worker == "review" and state == "completed":
            verdict = chance.choices(["approved", "rejected", "pending"], [6, 2, 1])[0]
            judged = {**said, "verdict": verdict}
            yield Fact(fact_id("judged", job), "review.judged", at + took, guid, job, repository, judged)
            if verdict == "approved":
                yield Fact(fact_id("merged", job), "pull.merged", at + took + 20, guid, job, repository, said)
