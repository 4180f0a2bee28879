"""The one door from an effect to the world. Called by `engine.desk`; nothing else may perform an effect.

For each effect: may this job have it? is everything paused? what does the ledger say of its slot? Then write it down as
intended, look for the remote object, mark the row as sending under the job's fence, perform, and store the receipt.
What cannot be known after a crash or a cut answer is looked up again before anything is repeated, and where looking
cannot tell and repeating is not safe, the effect becomes `unknown` and waits for a person.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from forgehand.domain.effects.base import Effect
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Failed, Job, Refused, Retry, Waiting
from forgehand.domain.ledger import FOUND, EffectState, LedgerEntry
from forgehand.domain.repositories import Repo
from forgehand.engine.steps import Step, Steps, silent
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.effects import Performer, Receipt
from forgehand.ports.github import Conflict, GitHubError, Throttled, TooLate, Unreachable
from forgehand.ports.store import Controls, Fence, Ledger, Written
from forgehand.ports.traces import SILENT, Traces

log = structlog.get_logger(__name__)


class GateStore(Ledger, Controls, Protocol):
    """The part of the store that the gate needs."""


@dataclass(frozen=True, slots=True)
class GateTimes:
    """All in seconds. `window`: how long after the ledger says `sending` a request may still go onto the wire.
    `settle`: how long after that mark a look-up can be trusted: beyond the window it leaves the 10 seconds after which
    GitHub gives up on a request. `again`: between the two look-ups. `answer`: how long one answer may take. A lease
    must reach beyond window + answer."""

    settle: float = 15.0
    again: float = 1.0
    window: float = 5.0
    answer: float = 10.0


class Gate:
    """Performs effects for real, each kind by its performer."""

    def __init__(
        self,
        store: GateStore,
        performers: Mapping[str, Performer[Any]],
        clock: Callable[[], float],
        times: GateTimes = GateTimes(),
        steps: Steps = silent,
        traces: Traces = SILENT,
    ) -> None:
        self._store = store
        self._performers = performers
        self._clock = clock
        self._times = times
        self._steps = steps
        self._traces = traces

    async def perform(self, effect: Effect, job: Job) -> Landed:
        """Bring the world to what the effect says, once, or say why not."""
        with self._traces.step(f"effect {effect.kind}", slot=effect.slot, summary=effect.describe()) as span:
            landed = await self._perform(effect, job)
            span.tell(landing=str(landed.landing), why=landed.why)
            return landed

    async def _perform(self, effect: Effect, job: Job) -> Landed:
        entry = await self._store.entry(effect.slot)
        performer = self._performers.get(effect.kind)
        refusal = refuse(effect, job, entry, known=performer is not None)
        if refusal:
            return await self._refused(effect, job, entry, refusal)
        assert performer is not None
        if paused := await self._paused():
            return paused
        if entry and entry.state is EffectState.DONE and entry.digest == effect.digest:
            return await self._unchanged(effect, job, entry)
        if entry and entry.state is EffectState.UNKNOWN:
            return _waits_for_a_person(effect, entry)
        try:
            if entry and entry.state is EffectState.SENDING:
                return await self._resolve(effect, job, entry, performer)
            ours, why = (entry.ours, entry.why) if entry else (False, "")
            entry = await self._write(effect, job, entry, EffectState.INTENDED, why=why if why == FOUND else "")
            self._steps(Step.EFFECT_INTENDED, effect.kind)
            existing = await performer.find(effect, entry.remote_id)
            self._steps(Step.EFFECT_LOOKED_UP, effect.kind)
            return await self._send(effect, job, entry, performer, existing, ours=ours)
        except _NotWritten as lost:
            return lost.landed
        except (Throttled, Unreachable, TooLate) as error:
            return Landed(Landing.NOT_NOW, error.why, stop=_retry(error))
        except GitHubError as error:
            return _rejected(error)

    async def _resolve(self, effect: Effect, job: Job, entry: LedgerEntry, performer: Performer[Any]) -> Landed:
        """Somebody (perhaps we, before a crash) may have sent something for this slot. Find out what came of it."""
        settled = (entry.sent_at or 0.0) + self._times.settle
        if (left := settled - self._clock()) > 0:
            why = f"an earlier attempt to send the {effect.kind} may still land"
            return Landed(Landing.NOT_NOW, why, stop=Retry(why, after=left))
        existing = await performer.find(effect, entry.remote_id)
        if existing is None:
            await asyncio.sleep(self._times.again)
            existing = await performer.find(effect, entry.remote_id)
        self._steps(Step.EFFECT_LOOKED_UP, effect.kind)
        if existing is None and not performer.repeatable:
            why = "it was sent, no answer came, and GitHub does not show it: it may or may not have happened"
            entry = await self._write(effect, job, entry, EffectState.UNKNOWN, why=why)
            return _waits_for_a_person(effect, entry)
        return await self._send(effect, job, entry, performer, existing, ours=entry.ours)

    async def _send(
        self,
        effect: Effect,
        job: Job,
        entry: LedgerEntry,
        performer: Performer[Any],
        existing: Receipt | None,
        *,
        ours: bool,
    ) -> Landed:
        # Looking may have taken a while.
        if paused := await self._paused():
            return paused
        now, times = self._clock(), self._times
        # Said before anything is sent, so that whoever comes after a crash does not take it for ours; and which one it
        # was, since it may be older than what is looked for then.
        why = "" if existing is None or ours else FOUND
        entry = await self._write(
            effect,
            job,
            entry,
            EffectState.SENDING,
            why=why,
            sent_at=now,
            receipt=existing,
            lease_beyond=times.window + times.answer,
        )
        self._steps(Step.EFFECT_SENDING, effect.kind)
        try:
            receipt = await performer.perform(effect, existing, now + times.window)
            if existing is None or existing.surplus:
                receipt = await self._tidied(effect, performer, receipt, now + times.window)
        except (Throttled, TooLate, Unreachable) as error:
            if isinstance(error, Unreachable) and error.sent:
                # Ambiguous: the row stays `sending`, and whoever comes next looks before repeating.
                return Landed(Landing.NOT_NOW, error.why, stop=Retry(error.why, after=times.settle))
            await self._write(effect, job, entry, EffectState.INTENDED, why=error.why)
            return Landed(Landing.NOT_NOW, error.why, stop=_retry(error))
        except GitHubError as error:
            await self._write(effect, job, entry, EffectState.REJECTED, why=error.why)
            return _rejected(error)
        self._steps(Step.EFFECT_PERFORMED, effect.kind)
        await self._write(effect, job, entry, EffectState.DONE, why=why, receipt=receipt)
        self._steps(Step.EFFECT_RECEIPTED, effect.kind)
        return Landed(Landing.DONE, url=receipt.url, remote_id=receipt.remote_id, found=why == FOUND)

    async def _tidied(self, effect: Effect, performer: Performer[Any], receipt: Receipt, send_before: float) -> Receipt:
        """Tidying mends a rare double; when it fails, what was created is still there and the receipt still true."""
        try:
            return await performer.tidy(effect, receipt, send_before)
        except GitHubError as error:
            log.warning("effect.untidied", kind=effect.kind, slot=effect.slot, why=error.why)
            return receipt

    async def _paused(self) -> Landed | None:
        pause = await self._store.paused()
        if pause is None:
            return None
        why = f"paused by {pause.by}: {pause.why}" if pause.why else f"paused by {pause.by}"
        return Landed(Landing.NOT_NOW, why, stop=Waiting("resume", why))

    async def _unchanged(self, effect: Effect, job: Job, entry: LedgerEntry) -> Landed:
        if job.generation > entry.generation:
            # The newest job says the same: from now on an older one may no longer say otherwise.
            bumped = replace(entry, generation=job.generation, updated_at=self._clock())
            await self._store.write_entry(bumped, Fence(job.id, job.fence), self._clock())
        return Landed(
            Landing.UNCHANGED,
            "it is there already",
            url=entry.remote_url or "",
            remote_id=entry.remote_id or "",
            found=entry.why == FOUND,
        )

    async def _refused(self, effect: Effect, job: Job, entry: LedgerEntry | None, why: str) -> Landed:
        log.warning("effect.refused", kind=effect.kind, job=job.id, why=why)
        if entry is None:
            try:
                await self._write(effect, job, None, EffectState.REFUSED, why=why)
            except _NotWritten as lost:
                return lost.landed
        return Landed(Landing.REFUSED, why, stop=Refused(why))

    async def _write(
        self,
        effect: Effect,
        job: Job,
        entry: LedgerEntry | None,
        state: EffectState,
        *,
        why: str = "",
        sent_at: float | None = None,
        receipt: Receipt | None = None,
        lease_beyond: float = 0.0,
    ) -> LedgerEntry:
        now = self._clock()
        row = replace(
            revise(effect, job, entry),
            state=state,
            why=why,
            fence=job.fence,
            sent_at=sent_at if sent_at is not None else (entry.sent_at if entry else None),
            updated_at=now,
        )
        if receipt:
            row = replace(row, remote_id=receipt.remote_id, remote_url=receipt.url)
        written = await self._store.write_entry(
            row, Fence(job.id, job.fence), now, lease_beyond=lease_beyond, facts=(_fact(row, now),)
        )
        if written is not Written.YES:
            raise _NotWritten(written)
        return replace(row, version=row.version + 1)


def refuse(effect: Effect, job: Job, entry: LedgerEntry | None, *, known: bool = True) -> str | None:
    """Why this job may not have this effect, or None. Pure: the gate, the dry run and the tests share it."""
    if not job.grant.allows(effect.power):
        mode = f"{job.grant.mode}{'' if job.grant.allow_push else ', no push'}"
        return f"worker {job.worker} may not {effect.power} ({mode}): {effect.describe()}"
    if effect.repo != Repo(job.tenant, job.repository_id, job.repository):
        return f"the job is for {job.repository or 'the App itself'}, not for {effect.repo.full_name}"
    if not known:
        return f"nothing here can perform a {effect.kind}"
    if entry and entry.generation > job.generation:
        return "a newer job has already spoken here"
    return None


def revise(effect: Effect, job: Job, entry: LedgerEntry | None) -> LedgerEntry:
    """The slot's row with this effect's revision, keeping what is known of the remote object."""
    return LedgerEntry(
        slot=effect.slot,
        kind=effect.kind,
        repo=effect.repo,
        subject=effect.subject,
        worker=effect.worker,
        purpose=effect.purpose,
        sha=effect.sha,
        digest=effect.digest,
        generation=job.generation,
        state=EffectState.INTENDED,
        summary=effect.describe(),
        job=job.id,
        delivery=job.delivery,
        remote_id=entry.remote_id if entry else None,
        remote_url=entry.remote_url if entry else None,
        content=effect.content(),
        version=entry.version if entry else 0,
    )


class _NotWritten(Exception):
    """The ledger did not take the row: the fence is lost, or another job wrote the slot in between."""

    def __init__(self, written: Written) -> None:
        why = (
            "this job is no longer ours, or its lease ends too soon"
            if written is Written.FENCE_LOST
            else "another job wrote the same object in between"
        )
        self.landed = Landed(Landing.NOT_NOW, why, stop=Retry(why, after=1.0))
        super().__init__(why)


def _waits_for_a_person(effect: Effect, entry: LedgerEntry) -> Landed:
    why = f"{effect.describe()}: {entry.why}; say on its page whether it happened or to do it again"
    return Landed(Landing.NOT_NOW, why, stop=Waiting(f"effect:{entry.slot}", why))


def _rejected(error: GitHubError) -> Landed:
    landing = Landing.CONFLICT if isinstance(error, Conflict) else Landing.REFUSED
    return Landed(landing, error.why, stop=Failed(error.why), reason=error.reason)


def _retry(error: GitHubError) -> Retry:
    return Retry(error.why, after=error.after if isinstance(error, Throttled) else 0.0)


def _fact(entry: LedgerEntry, now: float) -> Fact:
    said = {"slot": entry.slot, "kind": entry.kind, "summary": entry.summary, "why": entry.why, "worker": entry.worker}
    if entry.repo.full_name:
        said |= {"repository": entry.repo.full_name, "subject": entry.subject}
    took = {"seconds": round(now - entry.sent_at, 3)} if entry.state is EffectState.DONE and entry.sent_at else {}
    return Fact(
        id=fact_id("effect", entry.slot, entry.state, entry.job, entry.fence, entry.version, near=entry.job),
        kind=f"effect.{entry.state}",
        at=now,
        delivery=entry.delivery,
        job=entry.job,
        repository_id=entry.repo.id or None,
        data={**said, **took},
    )
