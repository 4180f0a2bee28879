from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.wakeups import InProcessWakeups
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change, Done
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.engine.desk import JobDesk
from forgehand.engine.gate import Gate
from forgehand.engine.reconcile import TRIES_PER_DELIVERY, Reconcile, Sweep, unheard
from forgehand.engine.rescue import Rescue
from forgehand.engine.schedule import Poll, tick
from forgehand.ports.github import HookDelivery, PullRequest
from forgehand.ports.store import Unclaimed
from support.engine import Clock, OneObjectPerSlot

pytestmark = pytest.mark.anyio

REVIEW = WorkerSpec("review", "review", (Trigger("pull_request", actions=("opened", "synchronize"), draft=False),))
SHOP = Repo(1, 2, "octo/shop")


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


def attempt(id: int, guid: str, at: float, *, ok: bool = False) -> HookDelivery:
    return HookDelivery(id, guid, at, ok, "pull_request")


def test_only_deliveries_that_never_arrived_are_asked_for_again_oldest_first() -> None:
    attempts = [
        attempt(5, "lost", 50),
        attempt(4, "later", 40, ok=True),
        attempt(3, "later", 30),
        attempt(2, "lost", 20),
        attempt(1, "stored", 10),
        attempt(6, "early", 5),
    ]
    assert [each.id for each in unheard(attempts, frozenset({"stored"}))] == [6, 5]


def test_a_delivery_that_failed_too_often_is_left_alone() -> None:
    tries = [attempt(n, "lost", n) for n in range(TRIES_PER_DELIVERY + 1)]
    assert unheard(tries, frozenset()) == []
    assert [each.id for each in unheard(tries[1:], frozenset())] == [TRIES_PER_DELIVERY]


@dataclass
class SomeHooks:
    attempts: list[HookDelivery]
    asked: list[float] = field(default_factory=list)

    async def hook_deliveries(self, since: float) -> Sequence[HookDelivery]:
        self.asked.append(since)
        return self.attempts


async def swept(store: MemoryStore, hooks: SomeHooks, github: OneObjectPerSlot, clock: Clock) -> object:
    gate = Gate(store, {"redelivery": github}, clock)
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    (job,) = await store.claim_due("here", 120, clock(), 10)
    from forgehand.domain.jobs import settle
    from forgehand.ports.store import Fence

    outcome = await Sweep(hooks, store).run(JobDesk(job, gate, clock))
    await store.settle(settle(job, outcome, clock(), 0.5), Fence(job.id, job.fence), clock())
    return outcome


async def test_a_sweep_asks_once_and_again_only_when_the_redelivery_failed_too(store: MemoryStore) -> None:
    clock = Clock()
    github = OneObjectPerSlot(clock)
    hooks = SomeHooks([attempt(1, "lost", clock() - 3600), attempt(2, "here", clock() - 10)])
    await store.record(Delivery("here", "push", b"{}", clock()), Change())
    assert isinstance(await swept(store, hooks, github, clock), Done)
    assert github.sent == 1
    clock.forward(300)
    await swept(store, hooks, github, clock)
    assert github.sent == 1
    assert hooks.asked[1] < hooks.attempts[0].delivered_at
    hooks.attempts.insert(0, attempt(3, "lost", clock()))
    clock.forward(300)
    await swept(store, hooks, github, clock)
    assert github.sent == 2


def pull(number: int, head: str, *, draft: bool = False) -> PullRequest:
    return PullRequest(
        number=number,
        title="t",
        state="open",
        merged=False,
        draft=draft,
        author="dev",
        head_sha=head,
        head_ref="feature",
        head_repository="octo/shop",
        base_sha="b" * 40,
        base_ref="main",
        mergeable=None,
        html_url="",
    )


@dataclass
class SomePulls:
    pulls: list[PullRequest]
    etag: str = "one"
    asked: list[str | None] = field(default_factory=list)

    async def repositories(self) -> Sequence[Repo]:
        return [SHOP]

    async def open_pulls(self, repo: Repo, etag: str | None) -> tuple[Sequence[PullRequest], str | None] | None:
        self.asked.append(etag)
        return None if etag == self.etag else (self.pulls, self.etag)


async def polled(store: MemoryStore, pulls: SomePulls, clock: Clock) -> Done:
    job = tick(Poll("reconcile", 300), clock())
    outcome = await Reconcile(pulls, store, (REVIEW,)).run(JobDesk(job, Gate(store, {}, clock), clock))
    assert isinstance(outcome, Done)
    await store.commit(Change(enqueue=outcome.jobs, facts=outcome.facts, marks=outcome.marks), clock())
    return outcome


async def test_a_pull_request_that_no_webhook_told_of_gets_its_job_once(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40), pull(8, "c" * 40, draft=True)])
    found = await polled(store, pulls, clock)
    assert [(job.worker, job.subject, job.revision) for job in found.jobs] == [("review", "pull/7", "a" * 40)]
    assert (await polled(store, pulls, clock)).jobs == ()
    assert pulls.asked == [None, "one"]
    pulls.etag, pulls.pulls = "two", [pull(7, "a" * 40)]
    assert (await polled(store, pulls, clock)).jobs == ()
    pulls.etag, pulls.pulls = "three", [pull(7, "d" * 40)]
    assert [job.revision for job in (await polled(store, pulls, clock)).jobs] == ["d" * 40]


async def test_more_than_a_page_is_found_over_several_polls(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(n, f"{n:040}") for n in range(1, 21)])
    first = await polled(store, pulls, clock)
    second = await polled(store, pulls, clock)
    assert len(first.jobs) + len(second.jobs) == 20
    assert {job.subject for job in (*first.jobs, *second.jobs)} == {f"pull/{n}" for n in range(1, 21)}


def test_many_processes_make_one_tick_per_interval() -> None:
    poll = Poll("sweep", 300)
    assert tick(poll, 600.0).id == tick(poll, 899.9).id
    assert tick(poll, 899.9).id != tick(poll, 900.0).id


async def test_leases_of_dead_local_holders_are_taken_back_at_once(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    (job,) = await store.claim_due("dead", 120, clock(), 10)
    rescue = Rescue(store, InProcessWakeups(), lambda holder: holder == "dead", clock)
    assert await rescue.once() == 1
    assert not isinstance(await store.claim(job.id, "alive", 120, clock()), Unclaimed)


async def test_leases_of_others_run_out_first_and_are_granted_a_grace(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    await store.claim_due("far away", 120, clock(), 10)
    rescue = Rescue(store, InProcessWakeups(), lambda holder: False, clock, grace=5.0)
    clock.forward(124)
    assert await rescue.once() == 0
    clock.forward(2)
    assert await rescue.once() == 1
