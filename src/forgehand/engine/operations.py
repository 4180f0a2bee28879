"""What a person may do to running work: cancel, retry, replay, pause, resume, settle an unknown effect.

Called by `web.admin` and `cli` alike. Each writes a fact of kind `admin.*` that says who did it; each answers in a
sentence, also when there was nothing to do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from forgehand.domain.arrivals import planning_job
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Change, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.ports import store as ports
from forgehand.ports.store import Pause, Written
from forgehand.ports.wakeups import Wakeups

RETRIABLE = frozenset({JobState.FAILED, JobState.REFUSED, JobState.DEAD_LETTER, JobState.CANCELLED, JobState.WAITING})
"""States from which a job may be retried. What is completed has spoken, and what is superseded no longer may."""


class OperationsStore(ports.Intake, ports.Jobs, ports.Ledger, ports.Controls, Protocol):
    """The part of the store that operations need."""


@dataclass(frozen=True, slots=True)
class Acted:
    """`done` is False when nothing was changed; `says` is a sentence for the person; `jobs` may be due now."""

    done: bool
    says: str
    jobs: tuple[str, ...] = ()


class Operations:
    """`by` is always who asks, as the audit shall name them."""

    def __init__(self, store: OperationsStore, wakeups: Wakeups, clock: Callable[[], float]) -> None:
        self._store = store
        self._wakeups = wakeups
        self._clock = clock

    async def cancel(self, job_id: str, by: str) -> Acted:
        """End an unfinished job; its holder can write nothing any more, and whoever waits for it learns so."""
        now = self._clock()
        if not await self._store.cancel(job_id, f"cancelled by {by}", now):
            return Acted(False, await self._state_of(job_id) + ": nothing to cancel.")
        await self._audit("cancel", job_id, by, now, job=job_id)
        await self._wakeups.hint([])
        return Acted(True, f"Job {job_id[:8]} is cancelled.")

    async def retry(self, job_id: str, by: str) -> Acted:
        """Give a job that did not succeed, or waits, a new life with all its attempts."""
        if why := await self._not_to_retry(job_id):
            return Acted(False, why)
        now = self._clock()
        if not await self._store.retry(job_id, now):
            return Acted(False, await self._state_of(job_id) + ": nothing to retry.")
        await self._audit("retry", job_id, by, now, job=job_id)
        return await self._hinted(f"Job {job_id[:8]} will run again.", [job_id])

    async def replay(self, guid: str, by: str) -> Acted:
        """Plan a stored delivery again: it gets new jobs. What is already as it should be on GitHub stays."""
        stored = await self._store.delivery(guid)
        if stored is None:
            return Acted(False, f"No delivery {guid} is stored.")
        now = self._clock()
        planning = planning_job(guid, stored.delivery.event, now, replay=f"{now:.6f}")
        fact = _fact("replay", guid, by, now, delivery=guid, job=planning.id)
        await self._store.commit(Change(enqueue=(planning,), facts=(fact,)), now)
        says = "The delivery is planned again."
        if await self._store.paused():
            says += " Writes are paused: what must be written waits until you resume."
        return await self._hinted(says, [planning.id])

    async def pause(self, by: str, why: str = "") -> Acted:
        """Let the gate refuse every write until `resume`; jobs that need one wait."""
        if standing := await self._store.paused():
            return Acted(False, f"Writes are paused already, by {standing.by}.")
        now = self._clock()
        await self._store.pause(Pause(by, why, now))
        await self._audit("pause", "", by, now, why=why)
        return Acted(True, "Writes are paused: nothing changes on GitHub until you resume.")

    async def resume(self, by: str) -> Acted:
        """Lift the pause and wake what waits for it."""
        if await self._store.paused() is None:
            return Acted(False, "Writes are not paused.")
        now = self._clock()
        woken = await self._store.resume(now)
        await self._audit("resume", "", by, now)
        return await self._hinted(f"Writes go on; {_count(len(woken), 'waiting job')} woken.", woken)

    async def settle_effect(self, slot: str, *, happened: bool, by: str) -> Acted:
        """Decide an `unknown` effect: `happened` records it as done, otherwise it will be sent again. Either way the
        job that waits for the decision goes on."""
        entry = await self._store.entry(slot)
        if entry is None:
            return Acted(False, f"No effect {slot} is known.")
        if entry.state is not EffectState.UNKNOWN:
            return Acted(False, f"The effect is {entry.state} already: nothing to settle.")
        now = self._clock()
        verdict = "it happened" if happened else "do it again"
        fact = _fact("settle", slot, by, now, delivery=entry.delivery, job=entry.job, slot=slot, verdict=verdict)
        written = await self._store.override_entry(_settled(entry, happened, by, now), now, facts=(fact,))
        if written is not Written.YES:
            return Acted(False, "The effect changed in the meantime: look at it again.")
        jobs = await self._store.wake(f"effect:{slot}", now)
        if happened:
            return await self._hinted("Recorded as done.", jobs)
        if not jobs:
            if why := await self._not_to_retry(entry.job):
                return Acted(True, f"Recorded as not done, and left so. {why}")
            if await self._store.retry(entry.job, now):
                jobs = [entry.job]
        return await self._hinted("It will be looked for, and sent again where it is missing.", jobs)

    async def _hinted(self, says: str, jobs: list[str]) -> Acted:
        if jobs:
            await self._wakeups.hint(jobs)
        return Acted(True, says, tuple(jobs))

    async def _not_to_retry(self, job_id: str) -> str:
        """Why a retry would be refused or spoil what is there; empty where it may help."""
        job = await self._store.job(job_id)
        if job is None:
            return f"There is no job {job_id}: nothing to retry."
        named = f"Job {job_id[:8]}"
        if job.state is JobState.COMPLETED:
            return f"{named} is completed; replay the delivery to run it again."
        if job.state is JobState.SUPERSEDED:
            return f"{named} was {job.why or 'superseded'}: nothing to retry."
        if job.state not in RETRIABLE:
            return f"{await self._state_of(job_id)}: nothing to retry."
        latest = await self._store.latest_job(job.lane) if job.lane else None
        if latest and latest.generation > job.generation:
            return f"Job {latest.id[:8]} has taken the place of {job_id[:8]}: nothing to retry."
        return ""

    async def _state_of(self, job_id: str) -> str:
        job = await self._store.job(job_id)
        return f"Job {job_id[:8]} is {job.state.replace('_', ' ')}" if job else f"There is no job {job_id}"

    async def _audit(self, what: str, target: str, by: str, now: float, job: str | None = None, why: str = "") -> None:
        held = await self._store.job(job) if job else None
        fact = _fact(what, target, by, now, delivery=held.delivery if held else None, job=job, why=why)
        await self._store.commit(Change(facts=(fact,)), now)


def _settled(entry: LedgerEntry, happened: bool, by: str, now: float) -> LedgerEntry:
    if happened:
        return replace(entry, state=EffectState.DONE, why=f"confirmed by {by}", updated_at=now)
    return replace(entry, state=EffectState.INTENDED, why=f"to be done again, says {by}", updated_at=now)


def _fact(
    what: str, target: str, by: str, now: float, *, delivery: str | None = None, job: str | None = None, **data: str
) -> Fact:
    said = {name: value for name, value in data.items() if value}
    return Fact(fact_id("admin", what, target, by, now), f"admin.{what}", now, delivery, job, data={"by": by, **said})


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
