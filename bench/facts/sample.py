"""Facts as a busy hour leaves them: twenty repositories, each delivery received, planned, reviewed, said. Used by
`__main__`."""

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLANNER

REPOSITORIES = 20
START = 1_800_000_000.0
EVERY = 0.9
"""Seconds between deliveries."""


def facts(number: int) -> list[Fact]:
    """The same every time."""
    return list(islice(_history(random.Random(7)), number))


def _history(chance: random.Random) -> Iterator[Fact]:
    count = 0
    while True:
        at = START + count * EVERY
        guid = f"{count * 2000 % 4294967296:08x}-0000-11ef-8000-{count:012x}"
        yield from _delivery(guid, 1 + chance.randrange(REPOSITORIES), at, chance.expovariate(1 / 8), count % 20 == 0)
        count += 1


def _delivery(guid: str, repository: int, at: float, took: float, fails: bool) -> Iterator[Fact]:
    name, state = f"acme/shop-{repository}", "failed" if fails else "completed"

    def made(kind: str, after: float, job: str | None, known: bool, /, **data: Any) -> Fact:
        about = repository if known else None
        return Fact(fact_id(kind, guid, job, near=guid), kind, at + after, guid, job and f"{guid}-{job}", about, data)

    worker = {"worker": "review", "repository": name, "subject": "pull/7"}
    yield made("delivery.received", 0, None, False, event="pull_request", made={PLANNER: 1})
    yield made("delivery.planned", 0.1, None, True, matched={"review": "opened"}, missed={}, repository=name)
    yield made(
        "job.completed", 0.1, "plan", False, type="plan", worker=PLANNER, age=0.1, seconds=0.02, made={"review": 1}
    )
    yield made("effect.done", took, "review", True, slot=f"slot-{repository}", seconds=0.3, **worker)
    yield made(
        f"job.{state}", took, "review", True, type="review", attempt=1, why="", age=took, seconds=took / 2, **worker
    )
