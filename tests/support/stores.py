"""Stores and the values that tests put into them. Called by the store contracts, and by flows that need a store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.sql import SqlStore
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Done, Job, Outcome, settle
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo
from forgehand.ports.store import Fence, Store, Written

MEMORY = "memory://"
NOW = 1_800_000_000.0


def make_store(url: str, **options: Any) -> Store:
    """A store that is not open yet: `memory://`, `sqlite:///path` or `postgresql://…`.

    `options` are SqlStore's. A delivery waits long where they say nothing of it: a slow machine is no failure.
    """
    return MemoryStore() if url == MEMORY else SqlStore(url, **{"patience": 30.0} | options)


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Store]:
    """An open store, closed at the end. `options` are SqlStore's."""
    store = make_store(url, **options)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def a_delivery(guid: str = "guid-1", *, at: float = NOW, body: bytes = b'{"zen":"Design for failure."}') -> Delivery:
    return Delivery(guid=guid, event="pull_request", body=body, received_at=at)


def a_job(job_id: str = "job-1", *, at: float = NOW, **fields: Any) -> Job:
    """A review of acme/rocket#7, pending and due since `at`."""
    plain: dict[str, Any] = {
        "type": "review",
        "worker": "reviewer",
        "tenant": 11,
        "repository_id": 22,
        "repository": "acme/rocket",
        "subject": "pull/7",
        "run_at": at,
    }
    return Job(id=job_id, created_at=at, **(plain | fields))


def a_fact(fact_id: str = "fact-1", *, at: float = NOW, **fields: Any) -> Fact:
    return Fact(id=fact_id, kind="something.happened", at=at, **fields)


def an_entry(slot: str = "slot-1", *, job: str = "job-1", **fields: Any) -> LedgerEntry:
    plain: dict[str, Any] = {
        "kind": "comment",
        "repo": Repo(installation=11, id=22, full_name="acme/rocket"),
        "subject": "pull/7",
        "worker": "reviewer",
        "purpose": "summary",
        "sha": "",
        "digest": "d1",
        "generation": 1,
        "state": EffectState.INTENDED,
        "summary": "comment on acme/rocket#7",
    }
    return LedgerEntry(slot=slot, job=job, **(plain | fields))


def a_pull(number: int = 7, *, at: float = NOW, **fields: Any) -> PullState:
    """acme/rocket#7, open and blocked."""
    plain: dict[str, Any] = {
        "repo": Repo(installation=11, id=22, full_name="acme/rocket"),
        "title": "Reuse the last stage",
        "author": "octocat",
        "base_ref": "main",
        "head_sha": "0123abcd",
        "state": PullStage.OPEN,
        "standing": Standing.BLOCKED,
        "url": f"https://github.com/acme/rocket/pull/{number}",
        "generation": 1,
        "blocker": "The tests failed.",
    }
    return PullState(number=number, updated_at=at, **(plain | fields))


async def enqueue(store: Store, *jobs: Job, now: float = NOW) -> None:
    await store.commit(Change(enqueue=jobs), now)


async def take(store: Store, job_id: str = "job-1", *, holder: str = "h1", lease: float = 60, now: float = NOW) -> Job:
    """Claim a job that must be claimable."""
    claimed = await store.claim(job_id, holder, lease, now)
    assert isinstance(claimed, Job), claimed
    return claimed


async def finish(store: Store, job: Job, outcome: Outcome | None = None, *, now: float = NOW) -> Written:
    """Settle a claimed job under its own fence."""
    return await store.settle(settle(job, outcome or Done(), now, 0.5), fence_of(job), now)


def fence_of(job: Job) -> Fence:
    return Fence(job.id, job.fence)


def ids(jobs: Sequence[Job]) -> list[str]:
    return [job.id for job in jobs]


def stored(entry: LedgerEntry, now: float = NOW) -> LedgerEntry:
    """An entry as it is read back after it was written at `now`."""
    return replace(entry, version=entry.version + 1, updated_at=now)
