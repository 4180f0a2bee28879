"""Jobs and their state machine. `settle()` turns a worker's outcome into the one `Change` that the store commits.

    pending ──claim──▶ claimed ──first heartbeat──▶ running ──settle──▶ completed | failed | refused | dead_letter
       ▲                  │                            │                    (ended: nothing leaves these)
       │                  └──── lease ran out ─────────┤
       ├───────────── Retry(after) ────────────────────┤
       └── wake ◀──── waiting ◀──── Waiting(for_) ──────┘        superseded, cancelled: from any unfinished state

Called by `engine.runner` and `engine.planner`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from forgehand.domain.documents import too_large
from forgehand.domain.facts import Fact, fact_id, name_of
from forgehand.domain.modes import COMMENT_ONLY, Grant
from forgehand.domain.pulls import PullState
from forgehand.domain.retries import BACKOFF_SECONDS, backoff

PLAN = "plan"
"""The type of the job that turns one delivery into the jobs of the workers it wakes."""

PLANNER = "planner"
"""The worker of those jobs."""


class JobState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    """Cannot succeed; trying again would be the same."""
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    DEAD_LETTER = "dead_letter"
    """Retries exhausted."""

    @property
    def ended(self) -> bool:
        return self in _ENDED

    @property
    def held(self) -> bool:
        return self in (JobState.CLAIMED, JobState.RUNNING)

    @property
    def gave_up(self) -> bool:
        """Whether it ended without having done its work, which no other job does in its place."""
        return self.ended and self not in (JobState.COMPLETED, JobState.SUPERSEDED)


_ENDED = frozenset(
    {
        JobState.COMPLETED,
        JobState.FAILED,
        JobState.REFUSED,
        JobState.SUPERSEDED,
        JobState.CANCELLED,
        JobState.DEAD_LETTER,
    }
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. Times are epoch seconds.

    `lane`: jobs of one lane supersede each other (a new push makes the running review pointless); the store numbers
    them with `generation`, which effects carry so that an older job can never overwrite a newer one's work.
    `key`: jobs that share a key run one at a time. `revision`: what the subject looked like (a head sha).
    `fence` grows with every claim; a write that carries an older one is refused.
    """

    id: str
    type: str
    worker: str
    tenant: int
    repository_id: int
    repository: str
    subject: str
    created_at: float
    payload: Mapping[str, Any] = field(default_factory=dict)
    grant: Grant = COMMENT_ONLY
    state: JobState = JobState.PENDING
    priority: int = 5
    lane: str = ""
    key: str = ""
    revision: str = ""
    generation: int = 0
    attempts: int = 0
    max_attempts: int = 8
    run_at: float = 0.0
    max_duration: float = 600.0
    fence: int = 0
    holder: str | None = None
    lease_until: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    waiting_for: str = ""
    why: str = ""
    result: Mapping[str, Any] | None = None
    delivery: str | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done; `result` is small JSON for pages and the command line. `jobs`, `facts`, `marks`, `documents`
    and `pulls` are what follows from it and are committed with it, or not at all. `once` is the id of one of the facts
    where all this may happen only once, however many jobs try: whoever makes the fact does it, the others are done."""

    result: Mapping[str, Any] = field(default_factory=dict)
    jobs: "tuple[Job, ...]" = ()
    facts: tuple[Fact, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    pulls: tuple[PullState, ...] = ()
    once: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule said no."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot succeed as things are; nobody tries again by themselves."""

    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """It may succeed later: not before `after` seconds."""

    why: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """It needs something named `for_` (such as `resume`) before it can go on. Frees its lease and its key."""

    for_: str
    why: str = ""


Outcome = Done | Refused | Failed | Retry | Waiting


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one step writes; a store commits it whole or not at all.

    `job` is the new row of the job the caller holds. `enqueue` are jobs created unless a job of that id exists; one
    with a lane gets the lane's next generation and supersedes the lane's other unfinished jobs. `facts` are created
    unless one of that id exists. `marks` are poll positions, keyed; the last write wins. `documents` are JSON texts,
    keyed, of at most `documents.MOST_BYTES` each; the last write wins. `pulls` are what pages show of pull requests; an
    older generation changes nothing. `once` is the id of one of the facts: where that is there already, nothing of the
    change is written. Only a held job can bring one.
    """

    job: Job | None = None
    enqueue: tuple[Job, ...] = ()
    facts: tuple[Fact, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    pulls: tuple[PullState, ...] = ()
    once: str = ""

    @property
    def only_fact(self) -> Fact | None:
        """The fact that must be new. Raises ValueError where `once` names none of the facts."""
        if not self.once:
            return None
        for fact in self.facts:
            if fact.id == self.once:
                return fact
        raise ValueError(f"the change has no fact {self.once} that could be made once")


def job_id(*parts: object, near: str = "") -> str:
    """The id of the job for these parts, the same every time: 32 hex digits, the first as those of its delivery."""
    return name_of(*parts, near=near)


def settle(job: Job, outcome: Outcome, now: float, jitter: float, pause: float = BACKOFF_SECONDS[0]) -> Change:
    """The `Change` that ends (or postpones) a held job. `jitter` in [0, 1) spreads retries, the first of which comes
    after some `pause` seconds."""
    free = replace(job, holder=None, lease_until=None, waiting_for="")
    match outcome:
        case Done() if why := too_large(outcome.documents):
            # No store would take it, however often it is tried.
            return settle(job, Failed(why), now, jitter)
        case Done():
            settled = replace(free, state=JobState.COMPLETED, result=outcome.result, why="", ended_at=now)
            return Change(
                job=settled,
                enqueue=outcome.jobs,
                facts=(*outcome.facts, job_fact(settled, now)),
                marks=outcome.marks,
                documents=outcome.documents,
                pulls=outcome.pulls,
                once=outcome.once,
            )
        case Refused(why):
            settled = replace(free, state=JobState.REFUSED, why=why, ended_at=now)
        case Failed(why):
            settled = replace(free, state=JobState.FAILED, why=why, ended_at=now)
        case Retry(why, after):
            settled = _again(free, why, now, backoff(job.attempts, jitter, first=pause, at_least=after))
        case Waiting(for_, why):
            # What it waits for is not its fault: the attempt does not count.
            attempts = max(0, job.attempts - 1)
            settled = replace(free, state=JobState.WAITING, waiting_for=for_, why=why, attempts=attempts)
    return Change(job=settled, facts=(job_fact(settled, now),))


def job_fact(job: Job, now: float, was: JobState | None = None) -> Fact:
    """The fact that a job reached its present state in its present attempt. `was`: the state it had before, where that
    is not a hold."""
    return Fact(
        id=fact_id("job", job.id, job.state, job.attempts, job.fence, near=job.id),
        kind=f"job.{job.state}",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id or None,
        data={
            "type": job.type,
            "worker": job.worker,
            "attempt": job.attempts,
            "why": job.why,
            **({"repository": job.repository, "subject": job.subject} if job.repository else {}),
            **({"was": str(was)} if was and not was.held else {}),
            **_durations(job, was),
        },
    )


def forgotten_fact(job: Job, now: float) -> Fact:
    """The fact that an ended job is known no more, which its place among the dead letters has to learn."""
    fact = job_fact(job, now, was=job.state)
    return replace(fact, id=fact_id("forgotten", job.id, near=job.id), kind="job.forgotten")


def made_known(facts: tuple[Fact, ...], made: Sequence[Job]) -> tuple[Fact, ...]:
    """The facts of a change, the last of which also tells how many jobs of each worker came to be with it: that is
    known where they are stored, since a job that exists is not made again. What no delivery and no repository asked for
    is the clockwork's and not counted."""
    workers = Counter(job.worker for job in made if job.delivery or job.repository_id)
    if not workers or not facts:
        return facts
    last = facts[-1]
    return (*facts[:-1], replace(last, data={**last.data, "made": dict(workers)}))


def _durations(job: Job, was: JobState | None) -> dict[str, float]:
    """Of a job that ended: since it was made, and of the attempt that ended it."""
    if job.ended_at is None:
        return {}
    durations = {"age": round(max(0.0, job.ended_at - job.created_at), 3)}
    if job.started_at is not None and (was is None or was.held):
        durations["seconds"] = round(max(0.0, job.ended_at - job.started_at), 3)
    return durations


def _again(job: Job, why: str, now: float, delay: float) -> Job:
    if job.attempts >= job.max_attempts:
        stop = f"gave up after {job.attempts} attempts: {why}"
        return replace(job, state=JobState.DEAD_LETTER, why=stop, ended_at=now)
    return replace(job, state=JobState.PENDING, why=why, run_at=now + delay)
