"""Small true stories in a store: a reviewed pull request, a dead letter, an unknown effect. For tests of pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.arrivals import planning_job
from forgehand.domain.deliveries import Delivery
from forgehand.domain.effects import CheckRun, Conclusion, Effect, InlineComment, Review, ReviewEvent, StickyComment
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Change, Done, Failed, Job, Outcome, Retry, Waiting, job_id, made_known, settle
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State, to_json
from forgehand.ports.store import Fence, Written
from forgehand.workers.review.documents import queue_key, write_queue
from forgehand.workers.review.rules import queue as q

REPO = Repo(installation=11, id=42, full_name="acme/widgets")


READY = Ruling("ready", State.SATISFIED, "Nothing stands in its way.")
BLOCKED = Ruling(
    "ready",
    State.VIOLATED,
    "Tests: pytest failed.",
    parts=(
        Ruling("open", State.SATISFIED, "It is open, and no draft."),
        Ruling("conflicts", State.PENDING, "GitHub has not worked out whether it can be merged."),
        Ruling(
            "tests",
            State.VIOLATED,
            "pytest failed.",
            parts=(
                Ruling("pytest", State.VIOLATED, "Its conclusion is failure."),
                Ruling("lint", State.SATISFIED, "Its conclusion is success."),
            ),
        ),
        Ruling("protected paths", State.NOT_APPLICABLE, "It touches none."),
    ),
)


@dataclass
class Clock:
    """A clock that tests set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class HintedWakeups:
    """Wake-ups that remember what was hinted."""

    hinted: list[str] = field(default_factory=list)
    hints: int = 0

    async def hint(self, job_ids: Sequence[str]) -> None:
        self.hinted.extend(job_ids)
        self.hints += 1

    async def wait(self, timeout: float) -> None:
        raise NotImplementedError

    async def close(self) -> None: ...


async def received(store: MemoryStore, guid: str, now: float, *, event: str = "pull_request") -> None:
    """A delivery and its planning job are stored."""
    fact = Fact(fact_id("received", guid), "delivery.received", now, delivery=guid, data={"event": event})
    plan = planning_job(guid, event, now)
    await store.record(Delivery(guid, event, b"{}", now), Change(enqueue=(plan,), facts=made_known((fact,), (plan,))))


async def planned(store: MemoryStore, guid: str, now: float, *, number: int = 7, title: str = "opened") -> Job:
    """The delivery is planned into one review job, which comes back pending; the deployment worker stays asleep."""
    plan = planning_job(guid, "pull_request", now)
    subject = f"pull/{number}"
    job = Job(
        id=job_id(guid, "review", subject),
        type="review",
        worker="review",
        tenant=REPO.installation,
        repository_id=REPO.id,
        repository=REPO.full_name,
        subject=subject,
        created_at=now,
        lane=f"review:{REPO.id}:{subject}",
        revision="9f1c0de" + "0" * 33,
        run_at=now,
        max_attempts=3,
        delivery=guid,
        correlation=guid,
    )
    fact = Fact(
        fact_id("planned", plan.id),
        "delivery.planned",
        now,
        delivery=guid,
        repository_id=REPO.id,
        data={
            "matched": {"review": f"pull_request.{title}"},
            "missed": {"deployment": "it waits for push, not pull_request"},
            "action": title,
            "repository": REPO.full_name,
        },
    )
    await end(store, plan.id, Done({"jobs": 1}, jobs=(job,), facts=(fact,)), now)
    stored = await store.job(job.id)
    assert stored is not None
    return stored


async def claimed(store: MemoryStore, job_id: str, now: float) -> Job:
    """The job is running in a worker."""
    job = await store.claim(job_id, "worker-1", 60.0, now)
    assert isinstance(job, Job), job
    assert await store.renew(Fence(job.id, job.fence), 60.0, now)
    return job


async def end(store: MemoryStore, job_id: str, outcome: Outcome, now: float) -> None:
    """The job is claimed, if it is not yet, and ends with this outcome."""
    job = await store.job(job_id)
    assert job is not None
    if not job.state.held:
        job = await claimed(store, job_id, now)
    assert await store.settle(settle(job, outcome, now, 0.5), Fence(job.id, job.fence), now) is Written.YES


async def effect(
    store: MemoryStore, job: Job, wanted: Effect, state: EffectState, now: float, *, why: str = "", url: str = ""
) -> LedgerEntry:
    """The ledger says this of an effect of a running job."""
    stored = await store.entry(wanted.slot)
    entry = LedgerEntry(
        slot=wanted.slot,
        kind=wanted.kind,
        repo=wanted.repo,
        subject=wanted.subject,
        worker=wanted.worker,
        purpose=wanted.purpose,
        sha=wanted.sha,
        digest=wanted.digest,
        generation=job.generation,
        state=state,
        summary=wanted.describe(),
        job=job.id,
        delivery=job.delivery,
        fence=job.fence,
        sent_at=now,
        remote_id="4711" if url else None,
        remote_url=url or None,
        why=why,
        content=wanted.content(),
        updated_at=now,
        version=stored.version if stored else 0,
    )
    fact = Fact(
        fact_id("effect", entry.slot, state, job.id, job.fence, entry.version),
        f"effect.{state}",
        now,
        delivery=job.delivery,
        job=job.id,
        repository_id=REPO.id,
        data={"slot": entry.slot, "kind": entry.kind, "summary": entry.summary, "why": why},
    )
    assert await store.write_entry(entry, Fence(job.id, job.fence), now, facts=(fact,)) is Written.YES
    return replace(entry, version=entry.version + 1)


async def reviewed(store: MemoryStore, guid: str, now: float, *, number: int = 7) -> Job:
    """A pull request came, was planned and reviewed: one review, one sticky comment, one check run, all there."""
    await received(store, guid, now)
    job = await claimed(store, (await planned(store, guid, now + 0.2, number=number)).id, now + 0.3)
    for wanted, url in (
        (review(number), f"https://github.com/acme/widgets/pull/{number}#pullrequestreview-4711"),
        (summary(number), f"https://github.com/acme/widgets/pull/{number}#issuecomment-4712"),
        (check(number), "https://github.com/acme/widgets/runs/4713"),
    ):
        await effect(store, job, wanted, EffectState.INTENDED, now + 1.0)
        await effect(store, job, wanted, EffectState.SENDING, now + 1.1)
        await effect(store, job, wanted, EffectState.DONE, now + 1.4, url=url)
    await end(store, job.id, Done({"findings": 2, "inline": 2, "conclusion": "failure"}), now + 1.5)
    return job


async def dead(store: MemoryStore, guid: str, now: float, *, number: int = 8) -> Job:
    """A review whose retries are exhausted."""
    await received(store, guid, now)
    job = await planned(store, guid, now, number=number)
    for _ in range(job.max_attempts):
        await end(store, job.id, Retry("GitHub answered 502 to the list of files"), now)
    return job


async def unknown(store: MemoryStore, guid: str, now: float, *, number: int = 9) -> tuple[Job, LedgerEntry]:
    """A review that may or may not have been posted, and its job that waits for a person."""
    await received(store, guid, now)
    job = await claimed(store, (await planned(store, guid, now, number=number)).id, now)
    why = "it was sent, no answer came, and GitHub does not show it: it may or may not have happened"
    entry = await effect(store, job, review(number), EffectState.UNKNOWN, now, why=why)
    await end(store, job.id, Waiting(f"effect:{entry.slot}", why), now)
    return job, entry


async def decided(
    store: MemoryStore, number: int, now: float, ruling: Ruling = BLOCKED, source: str = "defaults", **fields: Any
) -> PullState:
    """A pull request was decided about, and this was the verdict, by the policy of `source`."""
    plain: dict[str, Any] = {
        "title": "Reuse the last stage",
        "author": "octocat",
        "base_ref": "main",
        "head_sha": "9f1c0de" + "0" * 33,
        "state": PullStage.OPEN,
        "standing": Standing.BLOCKED,
        "url": f"https://github.com/acme/widgets/pull/{number}",
        "generation": 1,
        "blocker": "Tests: pytest failed." if ruling is BLOCKED else "",
        "repo": REPO,
    }
    pull = PullState(number=number, updated_at=now, **(plain | fields))
    verdict = {"head": pull.head_sha, "source": source, "policy": "5ca1ab1e" * 5, "ruling": to_json(ruling)}
    documents = {f"verdict:{pull.repo.id}:{number}": json.dumps(verdict)}
    await store.commit(Change(documents=documents, pulls=(pull,)), now)
    return pull


async def queued(store: MemoryStore, now: float, *numbers: int, hurried: int = 0) -> None:
    """A merge queue in which the first two are tested together, and the others wait; the policy lets `hurried` go
    first."""
    entries = (q.Entry(number, f"{number:07}", int(number == hurried), now + number) for number in numbers)
    queue = q.Queue(waiting=tuple(entries))
    queue = q.started(queue, "tip", 2)
    for place, number in enumerate(numbers[:2]):
        queue = q.built(queue, queue.train.boarding[0], f"c{number}", f"t{place}") if queue.train else queue
    branch = f"refs/heads/forgehand/queue/main/1/test-{len(numbers[:2])}"
    queue = q.waits_since(q.uses(queue, q.Scratch(branch, f"c{numbers[:2][-1]}")), now)
    await store.commit(Change(documents={queue_key(REPO.id, "main"): write_queue(queue)}), now)
    for position, number in enumerate(numbers, 1):
        fields: dict[str, Any] = {"standing": Standing.QUEUED, "position": position, "title": f"Change {number}"}
        await decided(store, number, now, READY, **fields)


async def failed(store: MemoryStore, guid: str, now: float, *, number: int = 10) -> Job:
    await received(store, guid, now)
    job = await planned(store, guid, now, number=number)
    await end(store, job.id, Failed("the App may not read contents of acme/widgets: grant it “Contents: read”"), now)
    return job


def review(number: int) -> Review:
    body = "Two new findings on changed lines.\n\n- `F821` undefined name\n- a key that looks real"
    return Review(
        repo=REPO,
        subject=f"pull/{number}",
        worker="review",
        purpose="findings",
        sha="9f1c0de" + "0" * 33,
        number=number,
        event=ReviewEvent.COMMENT,
        body=body,
        comments=(
            InlineComment("app/main.py", 12, "`F821` undefined name `totl`"),
            InlineComment("app/settings.py", 3, "This looks like a secret. Revoke it, then remove it from history."),
        ),
    )


def summary(number: int) -> StickyComment:
    return StickyComment(
        repo=REPO,
        subject=f"pull/{number}",
        worker="review",
        purpose="summary",
        number=number,
        body="### Review\n\n2 findings",
    )


def check(number: int) -> CheckRun:
    return CheckRun(
        repo=REPO,
        subject=f"pull/{number}",
        worker="review",
        purpose="verdict",
        sha="9f1c0de" + "0" * 33,
        name="forgehand/review",
        conclusion=Conclusion.FAILURE,
        title="2 findings",
        summary="ruff: 1, secrets: 1",
    )
