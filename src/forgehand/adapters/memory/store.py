"""`MemoryStore`: the store port in one process's memory. Used by tests. Nothing survives it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from forgehand.adapters.memory.state import State
from forgehand.domain.arrivals import arrival
from forgehand.domain.deliveries import Delivery
from forgehand.domain.documents import too_large
from forgehand.domain.facts import Fact, Trail, trail_of
from forgehand.domain.jobs import Change, Job, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.domain.projections import Projection
from forgehand.domain.pulls import PullStage, PullState, Standing, key_parts
from forgehand.ports.store import (
    Edition,
    Fence,
    Lead,
    Numbered,
    Pause,
    Recorded,
    StoredDelivery,
    StoreUnavailable,
    Unclaimed,
    Written,
)


class MemoryStore:
    def __init__(self) -> None:
        self._state = State()
        self._lock = threading.Lock()
        self._open = False

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False

    async def check(self) -> str:
        with self._reading():
            return "memory, gone when this process ends"

    # Intake

    async def receive(self, delivery: Delivery, ignored: str = "") -> Recorded:
        return await self.record(delivery, arrival(delivery, ignored))

    async def record(self, delivery: Delivery, change: Change) -> Recorded:
        if change.job is not None:
            raise ValueError("a delivery is recorded with new jobs and facts, not with a job that somebody holds")
        _refuse_too_large(change)
        with self._writing() as state:
            known = state.deliveries.get(delivery.guid)
            if known is not None:
                state.deliveries[delivery.guid] = replace(known, duplicates=known.duplicates + 1)
                return Recorded.DUPLICATE
            state.deliveries[delivery.guid] = StoredDelivery(delivery)
            state.apply(change, delivery.received_at, counted=False)
            return Recorded.NEW

    async def delivery(self, guid: str) -> StoredDelivery | None:
        with self._reading() as state:
            return state.deliveries.get(guid)

    async def known_guids(self, guids: Sequence[str]) -> frozenset[str]:
        with self._reading() as state:
            return frozenset(guid for guid in guids if guid in state.deliveries)

    # Jobs

    async def claim_due(self, holder: str, lease: float, now: float, limit: int) -> list[Job]:
        with self._writing() as state:
            return state.claim_due(holder, lease, now, limit)

    async def claim(self, job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
        with self._writing() as state:
            return state.claim(job_id, holder, lease, now)

    async def renew(self, fence: Fence, lease: float, now: float) -> bool:
        with self._writing() as state:
            held = state.held_under(fence)
            if held is None:
                return False
            state.jobs[held.id] = replace(held, state=JobState.RUNNING, lease_until=now + lease)
            return True

    async def settle(self, change: Change, fence: Fence, now: float) -> Written:
        if change.job is not None and change.job.id != fence.job:
            raise ValueError(f"a fence on job {fence.job} cannot settle job {change.job.id}")
        _refuse_too_large(change)
        with self._writing() as state:
            return state.settle(change, fence, now)

    async def commit(self, change: Change, now: float) -> None:
        if change.job is not None or change.once:
            raise ValueError("a change of a held job is settled under its fence")
        _refuse_too_large(change)
        with self._writing() as state:
            state.apply(change, now)

    async def reclaim(self, now: float, grace: float) -> list[Job]:
        with self._writing() as state:
            lost = [job for job in state.held() if job.lease_until is not None and job.lease_until < now - grace]
            lost.sort(key=lambda job: (job.lease_until, job.id))
            return [state.take_back(job, "its lease ran out", now) for job in lost]

    async def holders(self) -> frozenset[str]:
        with self._reading() as state:
            return frozenset(job.holder for job in state.held() if job.holder is not None)

    async def release(self, holder: str, now: float) -> list[Job]:
        with self._writing() as state:
            left = sorted((job for job in state.held() if job.holder == holder), key=lambda job: job.id)
            return [state.take_back(job, f"its holder {holder} died", now) for job in left]

    async def next_due(self, *, after: float = 0.0) -> float | None:
        with self._reading() as state:
            pending = [state.due_at[job.id] for job in state.jobs.values() if job.state is JobState.PENDING]
            return min((due for due in pending if due > after), default=None)

    async def cancel(self, job_id: str, why: str, now: float) -> bool:
        with self._writing() as state:
            job = state.jobs.get(job_id)
            if job is None or job.state.ended:
                return False
            state.move(job, now, state=JobState.CANCELLED, why=why, fence=job.fence + 1, ended_at=now)
            return True

    async def retry(self, job_id: str, now: float) -> bool:
        with self._writing() as state:
            job = state.jobs.get(job_id)
            if job is None or not (job.state.ended or job.state is JobState.WAITING):
                return False
            state.again(replace(job, attempts=0, result=None), now)
            return True

    async def wake(self, waiting_for: str, now: float) -> list[str]:
        with self._writing() as state:
            return [state.again(job, now).id for job in state.waiting_for(waiting_for)]

    async def job(self, job_id: str) -> Job | None:
        with self._reading() as state:
            return state.jobs.get(job_id)

    async def latest_job(self, lane: str) -> Job | None:
        with self._reading() as state:
            made = [job for job in state.jobs.values() if lane and job.lane == lane]
            return max(made, key=lambda job: job.generation, default=None)

    # Memory

    async def forget(self, before: float, now: float, most: int) -> int:
        with self._writing() as state:
            return state.forget(before, now, most)

    # Documents

    async def document(self, key: str) -> str | None:
        with self._reading() as state:
            return state.documents[key][0] if key in state.documents else None

    async def documents_named(self, keys: Sequence[str]) -> dict[str, str]:
        with self._reading() as state:
            return {key: state.documents[key][0] for key in keys if key in state.documents}

    # Ledger

    async def entry(self, slot: str) -> LedgerEntry | None:
        with self._reading() as state:
            return state.ledger.get(slot)

    async def write_entry(
        self, entry: LedgerEntry, fence: Fence, now: float, *, lease_beyond: float = 0.0, facts: tuple[Fact, ...] = ()
    ) -> Written:
        with self._writing() as state:
            held = state.held_under(fence)
            if held is None or held.lease_until is None or held.lease_until <= now + lease_beyond:
                return Written.FENCE_LOST
            return _put_entry(state, entry, now, facts)

    async def override_entry(self, entry: LedgerEntry, now: float, facts: tuple[Fact, ...] = ()) -> Written:
        with self._writing() as state:
            return _put_entry(state, entry, now, facts)

    # Controls

    async def paused(self) -> Pause | None:
        with self._reading() as state:
            return state.pause

    async def pause(self, pause: Pause) -> None:
        with self._writing() as state:
            state.pause = pause

    async def resume(self, now: float) -> list[str]:
        with self._writing() as state:
            state.pause = None
            return [state.again(job, now).id for job in state.waiting_for("resume")]

    async def mark(self, key: str) -> str | None:
        with self._reading() as state:
            return state.mark(key)

    async def move_marks(self, seen: Mapping[str, str | None], marks: Mapping[str, str], now: float) -> bool:
        with self._writing() as state:
            if any(state.mark(key) != seen.get(key) for key in marks):
                return False
            state.put_marks(marks, now)
            return True

    # Folding

    async def lead(self, holder: str, lease: float, now: float) -> Lead | None:
        with self._writing() as state:
            return state.folds.lead(holder, lease, now)

    async def unfolded(self, limit: int) -> list[Numbered]:
        with self._reading() as state:
            return [each for each in _numbered(state) if each.number in state.folds.outbox][:limit]

    async def unfolded_since(self) -> float | None:
        return next((each.fact.at for each in await self.unfolded(1)), None)

    async def fold(self, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
        with self._writing() as state:
            return state.folds.fold(rows, facts, lead, until)

    async def projection(self, series: str, name: str) -> Projection | None:
        with self._reading() as state:
            return state.folds.rows.get((series, name))

    async def projections_named(self, keys: Sequence[tuple[str, str]], edition: int | None = None) -> list[Projection]:
        with self._reading() as state:
            return state.folds.named(keys, edition)

    async def projections(
        self, series: str, limit: int, before: Last | None = None, since: float = 0.0
    ) -> list[Projection]:
        with self._reading() as state:
            rows = [row for row in state.folds.rows.values() if row.series == series and row.at >= since]
        found = [row for row in rows if before is None or Last(row.at, row.name) < before]
        return sorted(found, key=lambda row: (row.at, row.name), reverse=True)[:limit]

    async def projections_like(self, series: str, start: str, limit: int) -> list[Projection]:
        with self._reading() as state:
            rows = [row for row in state.folds.rows.values() if row.series == series and row.name.startswith(start)]
        return sorted(rows, key=lambda row: row.name)[:limit]

    # Rebuilding

    async def begin_edition(self, lead: Lead, until: float) -> Edition | None:
        with self._writing() as state:
            return state.folds.begin_edition(lead, until)

    async def folded(self, after: int, limit: int) -> list[Numbered]:
        with self._reading() as state:
            known = [each for each in _numbered(state) if each.number not in state.folds.outbox]
        return [each for each in known if each.number > after][:limit]

    async def edition_page(self, after: tuple[str, str], limit: int, edition: int | None = None) -> list[Projection]:
        with self._reading() as state:
            return [row for key, row in sorted(state.folds.rows_of(edition).items()) if key > after][:limit]

    async def draft(self, rows: Sequence[Projection], edition: Edition, lead: Lead, until: float) -> Written:
        with self._writing() as state:
            return state.folds.draft(rows, lead, until)

    async def publish(self, edition: Edition, lead: Lead) -> Written:
        with self._writing() as state:
            return state.folds.publish(edition, lead)

    async def drop_editions(self, limit: int) -> int:
        return 0

    # Reads

    async def deliveries(self, limit: int, before: Last | None = None) -> list[StoredDelivery]:
        with self._reading() as state:
            found = [
                replace(stored, delivery=replace(stored.delivery, body=b""))
                for stored in state.deliveries.values()
                if before is None or Last(stored.delivery.received_at, stored.delivery.guid) < before
            ]
        found.sort(key=lambda stored: (stored.delivery.received_at, stored.delivery.guid), reverse=True)
        return found[:limit]

    async def jobs(self, limit: int, state: JobState | None = None, before: Last | None = None) -> list[Job]:
        with self._reading() as held:
            found = [
                job
                for job in held.jobs.values()
                if (state is None or job.state is state) and (before is None or Last(job.created_at, job.id) < before)
            ]
        return _newest_jobs(found)[:limit]

    async def jobs_of(self, delivery: str, limit: int = 200) -> list[Job]:
        with self._reading() as state:
            return _newest_jobs(job for job in state.jobs.values() if job.delivery == delivery)[::-1][:limit]

    async def jobs_about(self, repository_id: int, subject: str, limit: int) -> list[Job]:
        with self._reading() as state:
            jobs = state.jobs.values()
            found = [job for job in jobs if (job.repository_id, job.subject) == (repository_id, subject)]
        return _newest_jobs(found)[:limit]

    async def entries(
        self, limit: int, state: EffectState | None = None, before: Last | None = None
    ) -> list[LedgerEntry]:
        with self._reading() as held:
            found = [
                entry
                for entry in held.ledger.values()
                if (state is None or entry.state is state)
                and (before is None or Last(entry.updated_at, entry.slot) < before)
            ]
        return _newest_entries(found)[:limit]

    async def entries_of(self, job_id: str) -> list[LedgerEntry]:
        with self._reading() as state:
            return _newest_entries(entry for entry in state.ledger.values() if entry.job == job_id)

    async def entries_of_jobs(self, job_ids: Sequence[str]) -> list[LedgerEntry]:
        with self._reading() as state:
            return _newest_entries([entry for entry in state.ledger.values() if entry.job in job_ids])

    async def facts_of(self, *, delivery: str | None = None, job: str | None = None, limit: int = 200) -> list[Fact]:
        if (delivery is None) == (job is None):
            raise ValueError("facts are listed for one delivery or for one job")
        with self._reading() as state:
            found = [
                fact
                for fact in state.facts.values()
                if (delivery is not None and fact.delivery == delivery) or (job is not None and fact.job == job)
            ]
        return sorted(found, key=lambda fact: fact.at)[:limit]

    async def audit(self, trail: Trail, limit: int, before: Last | None = None) -> list[Fact]:
        with self._reading() as state:
            found = [fact for fact in state.facts.values() if trail_of(fact.kind) is trail]
        found = [fact for fact in found if before is None or Last(fact.at, fact.id) < before]
        return sorted(found, key=lambda fact: (fact.at, fact.id), reverse=True)[:limit]

    async def deliveries_like(self, start: str, limit: int) -> list[StoredDelivery]:
        with self._reading() as state:
            found = [state.deliveries[guid] for guid in sorted(state.deliveries) if guid.startswith(start)]
        return [replace(stored, delivery=replace(stored.delivery, body=b"")) for stored in found[:limit]]

    async def jobs_like(self, start: str, limit: int) -> list[Job]:
        with self._reading() as state:
            return [state.jobs[job_id] for job_id in sorted(state.jobs) if job_id.startswith(start)][:limit]

    async def entries_like(self, start: str, limit: int) -> list[LedgerEntry]:
        with self._reading() as state:
            return [state.ledger[slot] for slot in sorted(state.ledger) if slot.startswith(start)][:limit]

    async def pull(self, repository_id: int, number: int) -> PullState | None:
        with self._reading() as state:
            return state.pulls.get((repository_id, number))

    async def pulls(
        self, limit: int, *, still_open: bool, before: Last | None = None, repository_id: int | None = None
    ) -> list[PullState]:
        edge = None if before is None else (before.at, *key_parts(before.id))
        with self._reading() as state:
            found = [
                pull
                for pull in state.pulls.values()
                if (pull.state is PullStage.OPEN) == still_open and repository_id in (None, pull.repo.id)
            ]
        found = [pull for pull in found if edge is None or _pull_order(pull) < edge]
        return sorted(found, key=_pull_order, reverse=True)[:limit]

    async def queued(self, limit: int) -> list[PullState]:
        with self._reading() as state:
            found = [pull for pull in state.pulls.values() if pull.standing is Standing.QUEUED]
        found.sort(key=lambda pull: (pull.repo.id, pull.base_ref, pull.position or 0, pull.number))
        return found[:limit]

    async def latest_change(self) -> int:
        with self._reading() as state:
            return state.changes

    # Secrets

    async def get_secret(self, name: str, now: float) -> bytes | None:
        with self._reading() as state:
            value, expires_at = state.secrets.get(name, (b"", now))
            return value if expires_at > now else None

    async def put_secret(self, name: str, value: bytes, expires_at: float) -> None:
        with self._writing() as state:
            state.secrets[name] = (value, expires_at)

    async def take_secret(self, name: str, now: float) -> bytes | None:
        with self._writing() as state:
            value, expires_at = state.secrets.pop(name, (b"", now))
            return value if expires_at > now else None

    @contextmanager
    def _reading(self) -> Iterator[State]:
        with self._lock:
            if not self._open:
                raise StoreUnavailable("the store is closed")
            yield self._state

    @contextmanager
    def _writing(self) -> Iterator[State]:
        with self._reading() as state:
            yield state
            state.changes += 1


def _numbered(state: State) -> list[Numbered]:
    return [Numbered(state.numbers[fact.id], fact) for fact in state.facts.values()]


def _refuse_too_large(change: Change) -> None:
    if why := too_large(change.documents):
        raise ValueError(why)


def _put_entry(state: State, entry: LedgerEntry, now: float, facts: tuple[Fact, ...]) -> Written:
    stored = state.ledger.get(entry.slot)
    if (stored.version if stored else 0) != entry.version:
        return Written.STALE
    state.ledger[entry.slot] = replace(entry, version=entry.version + 1, updated_at=now)
    state.put_facts(facts)
    return Written.YES


def _newest_jobs(jobs: Iterator[Job] | list[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: (job.created_at, job.id), reverse=True)


def _pull_order(pull: PullState) -> tuple[float, int, int]:
    return pull.updated_at, pull.repo.id, pull.number


def _newest_entries(entries: Iterator[LedgerEntry] | list[LedgerEntry]) -> list[LedgerEntry]:
    return sorted(entries, key=lambda entry: (entry.updated_at, entry.slot), reverse=True)
