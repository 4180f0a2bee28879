"""Eight days of reviews, written as the product writes them: through the store, the gate and the projector. Used by
`__main__`; `copies` makes years of it.

Each delivery is received, planned and reviewed: a review, a sticky comment and a check run, thirteen facts. Eight
deliveries belong to one pull request; every fiftieth fails, every two hundredth is given up, and a few wait for a
person, for a worker or in a queue.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import bench.support.postgres  # noqa: F401  (lets `support` be found)
from bench.intake.payload import EVENT, deliveries

from forgehand.adapters.sql import SqlStore
from forgehand.domain.arrivals import planning_job
from forgehand.domain.deliveries import Delivery
from forgehand.domain.effects import CheckRun, Conclusion, Effect, InlineComment, Review, ReviewEvent, StickyComment
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Change, Done, Failed, Job, Outcome, Retry, job_id, settle
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import to_json
from forgehand.engine.gate import Gate
from forgehand.engine.projector import Projector
from forgehand.ports.effects import Receipt
from forgehand.ports.store import Fence
from support import dispatches, stories

START = 1_800_000_000.0
SECONDS = 8 * 24 * 3600
"""Whole hours, so that copies of it lie in windows as it does; and more than a week, the longest that a page shows."""
END = START + SECONDS
FACTS = 13
"""Of one delivery."""
PER_PULL = 8
RUNS = 30
FIRST_RUN = 501
OPEN_PULLS = 30
FIRST = 0xFFFF0000
"""Ids begin with the eight digits of their delivery, as the product makes them; a copy changes the first four."""


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Nowhere:
    """A GitHub that takes everything and gives each thing a number."""

    repeatable: bool = True
    numbers: "count[int]" = field(default_factory=lambda: count(4711))

    async def find(self, effect: Effect, remote_id: str | None) -> Receipt | None:
        return Receipt(remote_id) if remote_id else None

    async def perform(self, effect: Effect, existing: Receipt | None, send_before: float) -> Receipt:
        number = existing.remote_id if existing else str(next(self.numbers))
        return Receipt(number, f"https://github.com/{effect.repo.full_name}/{effect.subject}#{number}")

    async def tidy(self, effect: Effect, receipt: Receipt, send_before: float) -> Receipt:
        return receipt


async def write_history(url: str, facts: int) -> None:
    """An empty database gets about so many facts, folded, over eight days."""
    store, clock = SqlStore(url), Clock()
    await store.open()
    writer = _Writer(store, clock, facts // FACTS)
    for number in range(facts // FACTS):
        await writer.deliver(number)
    await writer.leave_work(number + 1)
    await Projector(store, clock, holder="bench").once()
    await store.close()


class _Writer:
    def __init__(self, store: SqlStore, clock: Clock, total: int) -> None:
        self._store = store
        self._clock = clock
        self._total = total
        kinds = (Review.kind, StickyComment.kind, CheckRun.kind)
        self._gate = Gate(store, dict.fromkeys(kinds, Nowhere()), clock)

    async def deliver(self, number: int) -> None:
        """One delivery and all that comes of it."""
        job = await self._planned(number)
        self._clock.now += 0.3
        job = await self._claimed(job.id)
        pull = 1 + number // PER_PULL
        for effect in _effects(job, pull):
            self._clock.now += 0.2
            await self._gate.perform(effect, job)
        self._clock.now += 2 + number % 7
        await self._settle(job, self._outcome(number, pull, job))

    async def leave_work(self, number: int) -> None:
        """Runs that started others; and what is not over: planned jobs, effects that nobody knows of, and a queue."""
        for each in range(RUNS):
            await dispatches.dispatched(self._store, START + each * SECONDS / RUNS, FIRST_RUN + each)
        for each in range(number, number + 5):
            await self._planned(each)
        self._clock.now = END - 1
        for each in range(3):
            await stories.unknown(self._store, _guid(number + 10 + each), self._clock.now, number=9000 + each)  # type: ignore[arg-type]
        await stories.queued(self._store, self._clock.now, 9101, 9102, 9103)  # type: ignore[arg-type]

    async def _planned(self, number: int) -> Job:
        self._clock.now = at = START + number * SECONDS / (self._total + 20)
        guid, repo, pull = _guid(number), _repo(number), 1 + number // PER_PULL
        plan = planning_job(guid, EVENT, at)
        received = Fact(
            fact_id("received", guid, near=guid), "delivery.received", at, delivery=guid, data={"event": EVENT}
        )
        body = deliveries()[number % len(deliveries())].body
        await self._store.record(Delivery(guid, EVENT, body, at), Change(enqueue=(plan,), facts=(received,)))
        job = Job(
            id=job_id(guid, "review", near=guid),
            type="review",
            worker="review",
            tenant=repo.installation,
            repository_id=repo.id,
            repository=repo.full_name,
            subject=f"pull/{pull}",
            created_at=at,
            run_at=at,
            lane=f"review:{repo.id}:pull/{pull}",
            revision=f"{number:040x}",
            delivery=guid,
            correlation=guid,
            max_attempts=1,
        )
        said = {"matched": {"review": "pull_request.opened"}, "missed": {}, "repository": repo.full_name}
        planned = Fact(
            fact_id("planned", guid, near=guid), "delivery.planned", at, guid, repository_id=repo.id, data=said
        )
        await self._settle(await self._claimed(plan.id), Done({"jobs": 1}, jobs=(job,), facts=(planned,)))
        return job

    def _outcome(self, number: int, pull: int, job: Job) -> Outcome:
        if number % 200 == 199:
            return Retry("GitHub answered 502 to the list of files")
        if number % 50 == 49:
            return Failed("the App may not read contents of the repository: grant it “Contents: read”")
        decided = _decided(self._clock.now, pull, job, still_open=pull > self._total // PER_PULL - OPEN_PULLS)
        return Done({"findings": 2, "conclusion": "failure"}, documents=_verdict(decided), pulls=(decided,))

    async def _claimed(self, job: str) -> Job:
        claimed = await self._store.claim(job, "bench", 60.0, self._clock.now)
        assert isinstance(claimed, Job), claimed
        return claimed

    async def _settle(self, job: Job, outcome: Outcome) -> None:
        await self._store.settle(settle(job, outcome, self._clock.now, 0.5), Fence(job.id, job.fence), self._clock.now)


def _guid(number: int) -> str:
    return f"{FIRST + number:08x}-0000-11ef-8000-{number:012x}"


def _repo(number: int) -> Repo:
    which = 1 + number // PER_PULL % 20
    return Repo(installation=11, id=which, full_name=f"acme/shop-{which}")


def _effects(job: Job, pull: int) -> Sequence[Effect]:
    repo = Repo(job.tenant, job.repository_id, job.repository)
    about = {"repo": repo, "subject": job.subject, "worker": "review"}
    remark = InlineComment("app/main.py", 12, "`F821` undefined name `totl`")
    return (
        Review(
            **about,
            purpose="findings",
            sha=job.revision,
            number=pull,
            event=ReviewEvent.COMMENT,
            body="Two new findings on changed lines.",
            comments=(remark, remark),
        ),
        StickyComment(**about, purpose="summary", number=pull, body=f"### Review\n\n2 findings at {job.revision[-7:]}"),
        CheckRun(
            **about,
            purpose="verdict",
            sha=job.revision,
            name="Forgehand review",
            conclusion=Conclusion.FAILURE,
            title="2 findings",
            summary="ruff: 2",
        ),
    )


def _decided(now: float, number: int, job: Job, *, still_open: bool) -> PullState:
    return PullState(
        repo=Repo(job.tenant, job.repository_id, job.repository),
        number=number,
        title=f"Change {number}",
        author="octocat",
        base_ref="main",
        head_sha=job.revision,
        state=PullStage.OPEN if still_open else PullStage.MERGED,
        standing=Standing.BLOCKED if still_open else Standing.MERGED,
        url=f"https://github.com/{job.repository}/pull/{number}",
        generation=job.generation,
        updated_at=now,
        blocker="Tests: pytest failed." if still_open else "",
    )


def _verdict(pull: PullState) -> dict[str, str]:
    told = {"head": pull.head_sha, "source": "", "policy": "5ca1ab1e" * 5, "ruling": to_json(stories.BLOCKED)}
    return {f"verdict:{pull.repo.id}:{pull.number}": json.dumps(told)}
