"""Small stand-ins for engine tests: a clock that is set by hand, a GitHub of one object per slot, a job in hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import Effect, StickyComment
from forgehand.domain.jobs import Change, Job, Outcome
from forgehand.domain.modes import COMMENT_ONLY, Grant
from forgehand.domain.repositories import Repo
from forgehand.ports.desk import Desk
from forgehand.ports.effects import Receipt
from forgehand.ports.github import TooLate

REPO = Repo(1, 2, "octo/shop")


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class OneObjectPerSlot:
    """A performer over a dictionary. `before` and `after` are called around the write and may raise."""

    clock: Callable[[], float]
    repeatable: bool = True
    objects: dict[str, list[str]] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    looked: int = 0
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None

    async def find(self, effect: Effect, remote_id: str | None) -> Receipt | None:
        self.looked += 1
        ids = self.objects.get(effect.slot, [])
        return Receipt(ids[0], f"https://github.test/{ids[0]}", tuple(ids[1:])) if ids else None

    async def perform(self, effect: Effect, existing: Receipt | None, send_before: float) -> Receipt:
        self.before()
        if self.clock() >= send_before:
            raise TooLate("the time to send it had passed")
        self.sent += 1
        ids = self.objects.setdefault(effect.slot, [])
        if existing is None:
            ids.append(str(len(ids) + 1))
        self.bodies[effect.slot] = effect.digest
        self.after()
        return Receipt(ids[0], f"https://github.test/{ids[0]}")

    async def tidy(self, effect: Effect, receipt: Receipt, send_before: float) -> Receipt:
        self.objects[effect.slot] = self.objects[effect.slot][:1]
        return receipt


def comment(body: str = "hello", purpose: str = "summary") -> StickyComment:
    return StickyComment(repo=REPO, subject="pull/7", worker="review", purpose=purpose, number=7, body=body)


def a_job(job_id: str = "job", *, type: str = "review", lane: str = "", grant: Grant = COMMENT_ONLY) -> Job:
    return Job(
        id=job_id,
        type=type,
        worker="review",
        tenant=REPO.installation,
        repository_id=REPO.id,
        repository=REPO.full_name,
        subject="pull/7",
        created_at=0.0,
        lane=lane,
        grant=grant,
    )


async def held(store: MemoryStore, job: Job, now: float, *, lease: float = 120.0) -> Job:
    """The job, stored and claimed."""
    await store.commit(Change(enqueue=(job,)), now)
    claimed = await store.claim(job.id, "holder", lease, now)
    assert isinstance(claimed, Job)
    return claimed


@dataclass
class Scripted:
    """A worker that gives its outcomes in turn, the last one for ever; a callable one is called with the desk."""

    outcomes: list[Outcome | Callable[[Desk], Outcome]]
    type: str = "review"
    runs: int = 0

    async def run(self, desk: Desk) -> Outcome:
        outcome = self.outcomes[min(self.runs, len(self.outcomes) - 1)]
        self.runs += 1
        return outcome(desk) if callable(outcome) else outcome
