"""What the memory store holds, and the steps of a job on it. Used by `store`, always under its lock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from forgehand.adapters.memory.folds import Folds
from forgehand.domain.documents import lasts as document_lasts
from forgehand.domain.facts import Fact
from forgehand.domain.followups import after_failure
from forgehand.domain.jobs import Change, Job, JobState, forgotten_fact, job_fact, made_known
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.marks import lasts as mark_lasts
from forgehand.domain.pulls import PullStage, PullState
from forgehand.ports.store import Fence, Pause, StoredDelivery, Unclaimed, Written


class State:
    def __init__(self) -> None:
        self.deliveries: dict[str, StoredDelivery] = {}
        self.jobs: dict[str, Job] = {}
        self.due_at: dict[str, float] = {}
        self.lanes: dict[str, int] = {}
        self.reached = 0
        """The highest generation of lanes that were forgotten."""
        self.keys: dict[str, str] = {}
        """Key to the id of the job that holds it."""
        self.ledger: dict[str, LedgerEntry] = {}
        self.facts: dict[str, Fact] = {}
        """In the order they were written."""
        self.numbers: dict[str, int] = {}
        """A fact's id to its number."""
        self.folds = Folds()
        self.marks: dict[str, tuple[str, float]] = {}
        """Key to the value and when it was written."""
        self.documents: dict[str, tuple[str, float]] = {}
        """Key to the text and when it was written."""
        self.pulls: dict[tuple[int, int], PullState] = {}
        self.secrets: dict[str, tuple[bytes, float]] = {}
        self.pause: Pause | None = None
        self.changes = 0
        self._written = 0

    def forget(self, before: float, now: float, most: int) -> int:
        received = [(each.delivery.received_at, guid) for guid, each in self.deliveries.items()]
        documents = [(at, key) for key, (_, at) in self.documents.items() if not document_lasts(key)]
        marks = [(at, key) for key, (_, at) in self.marks.items() if not mark_lasts(key)]
        entries = [(entry.updated_at, slot) for slot, entry in self.ledger.items() if self._is_over(entry)]
        pulls = [(pull.updated_at, key) for key, pull in self.pulls.items() if pull.state is not PullStage.OPEN]
        expired = [(until, name) for name, (_, until) in self.secrets.items() if until < now]
        gone = self._forget_facts(before, most) + self._forget_jobs(before, now, most)
        tables: tuple[tuple[dict[Any, Any], Sequence[tuple[float, Any]]], ...] = (
            (self.deliveries, [each for each in received if each[0] < before]),
            (self.documents, [each for each in documents if each[0] < before]),
            (self.marks, [each for each in marks if each[0] < before]),
            (self.ledger, [each for each in entries if each[0] < before]),
            (self.pulls, [each for each in pulls if each[0] < before]),
            (self.secrets, expired),
        )
        for table, old in tables:
            for _, name in sorted(old)[:most]:
                del table[name]
                gone += 1
        return gone

    def apply(self, change: Change, now: float, *, counted: bool = True) -> None:
        """`counted`: its last fact shall tell which jobs were new."""
        made = [job for job in change.enqueue if job.id not in self.jobs and self._create(job, now)]
        self.put_facts(made_known(change.facts, made) if counted else change.facts)
        self.put_marks(change.marks, now)
        self.documents.update({key: (text, now) for key, text in change.documents.items()})
        for pull in change.pulls:
            self._put_pull(pull)

    def mark(self, key: str) -> str | None:
        return self.marks[key][0] if key in self.marks else None

    def put_marks(self, marks: Mapping[str, str], now: float) -> None:
        self.marks.update({key: (value, now) for key, value in marks.items()})

    def put_facts(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            if fact.id not in self.facts:
                self.facts[fact.id] = fact
                self._written += 1
                self.numbers[fact.id] = self._written
                self.folds.outbox.add(self._written)

    def claim_due(self, holder: str, lease: float, now: float, limit: int) -> list[Job]:
        due = [job for job in self._in(JobState.PENDING) if self.due_at[job.id] <= now]
        due.sort(key=lambda job: (-job.priority, self.due_at[job.id], job.id))
        claimed: list[Job] = []
        for job in due:
            if len(claimed) < limit and self._key_is_free(job):
                claimed.append(self._hold(job, holder, lease, now))
        return claimed

    def claim(self, job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
        job = self.jobs.get(job_id)
        if job is None or job.state.ended or job.state is JobState.WAITING:
            return Unclaimed.GONE
        if job.state.held:
            return Unclaimed.BUSY
        if not self._key_is_free(job):
            return Unclaimed.HELD
        return self._hold(job, holder, lease, now)

    def held_under(self, fence: Fence) -> Job | None:
        job = self.jobs.get(fence.job)
        return job if job is not None and job.state.held and job.fence == fence.number else None

    def settle(self, change: Change, fence: Fence, now: float) -> Written:
        held = self.held_under(fence)
        if held is None:
            return Written.FENCE_LOST
        if (only := change.only_fact) and only.id in self.facts:
            return Written.TAKEN
        if change.job is not None:
            self._settle_row(held, change.job)
        self.apply(change, now)
        return Written.YES

    def take_back(self, job: Job, why: str, now: float) -> Job:
        if job.attempts >= job.max_attempts:
            text = f"gave up after {job.attempts} attempts: {why}"
            return self.move(job, now, state=JobState.DEAD_LETTER, why=text, ended_at=now)
        return self.move(job, now, state=JobState.PENDING, why=why)

    def again(self, job: Job, now: float) -> Job:
        return self.move(job, now, state=JobState.PENDING, run_at=now, why="", ended_at=None)

    def move(self, job: Job, now: float, **to: object) -> Job:
        """A transition out of a hold, or of a job that is not held, with its fact and what follows from its end."""
        moved = replace(job, holder=None, lease_until=None, waiting_for="", **to)  # type: ignore[arg-type]
        self.put(moved)
        self.free(moved)
        self.apply(Change(enqueue=after_failure(moved, now), facts=(job_fact(moved, now, job.state),)), now)
        return moved

    def put(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.due_at[job.id] = max(job.run_at, job.created_at)

    def free(self, job: Job) -> None:
        if self.keys.get(job.key) == job.id:
            del self.keys[job.key]

    def held(self) -> list[Job]:
        return self._in(JobState.CLAIMED, JobState.RUNNING)

    def waiting_for(self, for_: str) -> list[Job]:
        return [job for job in self._in(JobState.WAITING) if job.waiting_for == for_]

    def _in(self, *states: JobState) -> list[Job]:
        return sorted((job for job in self.jobs.values() if job.state in states), key=lambda job: job.id)

    def _create(self, job: Job, now: float) -> bool:
        if not job.lane:
            self.put(job)
            return True
        generation = self.lanes.get(job.lane, self.reached) + 1
        self.lanes[job.lane] = generation
        numbered = replace(job, generation=generation)
        self.put(numbered)
        for other in sorted(self.jobs.values(), key=lambda other: other.id):
            if other.lane == job.lane and other.id != job.id and not other.state.ended:
                why = f"superseded by {job.id}" + (f" at {job.revision}" if job.revision else "")
                self.move(other, now, state=JobState.SUPERSEDED, why=why, fence=other.fence + 1, ended_at=now)
        return True

    def _put_pull(self, pull: PullState) -> None:
        known = self.pulls.get((pull.repo.id, pull.number))
        if known is None or known.generation <= pull.generation:
            self.pulls[pull.repo.id, pull.number] = pull

    def _forget_facts(self, before: float, most: int) -> int:
        oldest = list(self.facts.values())[:most]
        old = [fact for fact in oldest if fact.at < before and self.numbers[fact.id] not in self.folds.outbox]
        for fact in old:
            del self.facts[fact.id], self.numbers[fact.id]
        return len(old) + self.folds.forget(old, before, most)

    def _forget_jobs(self, before: float, now: float, most: int) -> int:
        ended = [
            job
            for job in self.jobs.values()
            if job.ended_at is not None
            and max(job.created_at, job.ended_at) < before
            and not (job.lane and self._is_latest(job) and self._is_open(job.repository_id, job.subject))
        ]
        old = sorted(ended, key=lambda job: (job.created_at, job.id))[:most]
        for job in old:
            del self.jobs[job.id]
        for lane in {job.lane for job in old} - {job.lane for job in self.jobs.values()}:
            self.reached = max(self.reached, self.lanes.pop(lane, 0))
        self.put_facts([forgotten_fact(job, now) for job in old if job.state is JobState.DEAD_LETTER])
        return len(old)

    def _is_latest(self, job: Job) -> bool:
        return job.generation >= self.lanes[job.lane]

    def _is_over(self, entry: LedgerEntry) -> bool:
        unclear = EffectState.UNKNOWN, entry.kind, entry.repo.id
        about = entry.repo.id, entry.subject
        return (
            entry.state in (EffectState.DONE, EffectState.REJECTED, EffectState.REFUSED)
            and not self._is_open(*about)
            and entry.job not in self.jobs
            and (entry.sha != "" or not self._jobs_about(*about))
            and all((other.state, other.kind, other.repo.id) != unclear for other in self.ledger.values())
        )

    def _jobs_about(self, repository_id: int, subject: str) -> bool:
        about = repository_id, subject
        return repository_id != 0 and any((job.repository_id, job.subject) == about for job in self.jobs.values())

    def _is_open(self, repository_id: int, subject: str) -> bool:
        return any(
            key == repository_id and subject == f"pull/{number}" and pull.state is PullStage.OPEN
            for (key, number), pull in self.pulls.items()
        )

    def _key_is_free(self, job: Job) -> bool:
        return not job.key or job.key not in self.keys

    def _hold(self, job: Job, holder: str, lease: float, now: float) -> Job:
        held = replace(
            job,
            state=JobState.CLAIMED,
            attempts=job.attempts + 1,
            fence=job.fence + 1,
            holder=holder,
            lease_until=now + lease,
            started_at=now,
            ended_at=None,
        )
        self.jobs[job.id] = held
        if job.key:
            self.keys[job.key] = job.id
        return held

    def _settle_row(self, held: Job, job: Job) -> None:
        if job.state.held:
            self.jobs[job.id] = replace(held, payload=job.payload, why=job.why)
            return
        settled = replace(
            held,
            payload=job.payload,
            state=job.state,
            priority=job.priority,
            attempts=job.attempts,
            run_at=job.run_at,
            holder=None,
            lease_until=None,
            ended_at=job.ended_at,
            waiting_for=job.waiting_for,
            why=job.why,
            result=job.result,
        )
        self.put(settled)
        self.free(settled)
