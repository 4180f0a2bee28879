"""Starts one target, in the name of its own installation, and leaves a job that follows its run. Run by the engine, one
at a time for each workflow and ref.

Everything is read and judged again right before: consent that was withdrawn since the plan is withdrawn. What fails
here stops no other target, and is told as the outcome of this one.

The ledger is asked first. Where a start was sent, or may have been, no judgement counts any more, and none is said to
have failed: it is looked for, and where that cannot tell, it is unknown.
"""

from dataclasses import replace
from typing import Any, ClassVar

from forgehand.crafts.subjects import repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.followups import GAVE_UP, TARGET
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Refused, Retry, Waiting
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.ports.desk import Desk, Landed, Landing
from forgehand.ports.github import GitHubError, Throttled, TooLate, Unreachable
from forgehand.ports.store import Entries
from forgehand.workers.dispatch import followups, telling
from forgehand.workers.dispatch.orders import Order, read_order
from forgehand.workers.dispatch.reading import MOST_TRIES, Sources, config_of, target_of, whence_of
from forgehand.workers.dispatch.rules.attempts import Last
from forgehand.workers.dispatch.rules.facts import Installed, Options, Source, Target, Whence
from forgehand.workers.dispatch.rules.reasons import FAILURES, Reason
from forgehand.workers.dispatch.rules.source_again import asked_again
from forgehand.workers.dispatch.rules.target import Verdict, judge_target
from forgehand.workers.dispatch.rules.templates import rendered
from forgehand.workers.dispatch.windows import opens


class TargetWorker:
    type: ClassVar[str] = TARGET

    def __init__(self, sources: Sources, ledger: Entries, options: Options) -> None:
        self._sources = sources
        self._ledger = ledger
        self._options = options

    async def run(self, desk: Desk) -> Outcome:
        try:
            order = read_order(desk.job.payload)
        except ValueError:
            return Failed("a start needs the run that asks for it, and what it asks for")
        entry = await self._ledger.entry(_start(desk.job, order).slot)
        if why := desk.job.payload.get(GAVE_UP):
            return await self._gave_up(desk, order, entry, str(why))
        if entry and entry.state is EffectState.DONE:
            return self._started(desk, order, _done(entry))
        if entry and entry.sent:
            inputs = tuple((name, rendered(template, order.source)) for name, template in order.asked.inputs)
            return await self._perform(desk, order, inputs, sent=True)
        return await self._judged(desk, order)

    async def _judged(self, desk: Desk, order: Order) -> Outcome:
        try:
            source, last = await self._looked_at(order.source)
            config = await config_of(self._sources, source.repo)
            target = await target_of(self._sources, order.asked, closely=True)
        except (Throttled, TooLate, Unreachable) as error:
            if desk.job.attempts < desk.job.max_attempts:
                raise
            return self._failed(desk, order, Reason.GITHUB_ERROR, error.why)
        except GitHubError as error:
            return self._failed(desk, order, Reason.GITHUB_ERROR, error.why)
        if (why := _stale(source, last)) and desk.job.attempts < MOST_TRIES:
            return Retry(why, after=desk.lag)
        asked = asked_again(source, last, order.asked, config, self._options)
        if isinstance(asked, Verdict):
            return self._denied(desk, order, asked)
        order = replace(order, asked=asked)
        verdict = judge_target(source, asked, target, self._options)
        if not verdict.allowed:
            return self._denied(desk, order, verdict)
        if elsewhere := _elsewhere(desk.job, order, target, desk.now()):
            return elsewhere
        return await self._perform(desk, order, verdict.inputs, sent=False)

    async def _looked_at(self, source: Source) -> tuple[Source, Last]:
        """The run once more: it may have been repeated since, and its branch moved."""
        run = await self._sources.runs.run(source.repo, source.run)
        if run is None:
            return source, Last()
        now = replace(source, event=run.event, whence=await whence_of(self._sources, source))
        return now, Last(run.attempt, run.ended)

    async def _perform(self, desk: Desk, order: Order, inputs: tuple[tuple[str, str], ...], *, sent: bool) -> Outcome:
        """Start it. `sent`: it may have been sent before, so that the gate only looks, and a refusal is one to look."""
        effect = _start(desk.job, order, inputs)
        landed = await desk.perform(effect)
        match landed.landing:
            case Landing.DONE | Landing.UNCHANGED:
                return self._started(desk, order, landed)
            case Landing.REFUSED | Landing.CONFLICT if sent:
                return self._unknown(desk, order, landed, effect.slot)
            case Landing.REFUSED | Landing.CONFLICT:
                return self._failed(desk, order, _reason(landed), landed.why)
            case Landing.NOT_NOW:
                return await self._not_now(desk, order, landed, effect.slot)
        return Done({"would": effect.describe()})

    def _started(self, desk: Desk, order: Order, landed: Landed) -> Done:
        job, now, repo = desk.job, desk.now(), repo_of(desk.job)
        run = int(landed.remote_id) if landed.remote_id.isascii() and landed.remote_id.isdigit() else 0
        state = order.state(d.Stand.STARTED, now, run=run, url=landed.url)
        if not run:
            return self._ended(desk, order, state)
        source = order.source
        started = d.Started(
            source=source.run,
            attempt=source.attempt,
            source_repo=source.repo,
            target=state,
            chain=tuple((each.repository, each.workflow, each.run) for each in order.chain),
        )
        look = followups.follow(job, repo, run, now, after=followups.FIRST_LOOK)
        return self._ended(desk, order, state, look, {d.started_key(repo.id, run): d.write_started(started)})

    def _denied(self, desk: Desk, order: Order, verdict: Verdict) -> Done:
        stand = d.Stand.FAILED if verdict.reason in FAILURES else d.Stand.DENIED
        more: dict[str, Any] = {"reason": str(verdict.reason or ""), "why": verdict.ruling.reason}
        return self._ended(desk, order, order.state(stand, desk.now(), ruling=verdict.ruling, **more))

    def _failed(self, desk: Desk, order: Order, reason: Reason, why: str) -> Done:
        return self._ended(desk, order, order.state(d.Stand.FAILED, desk.now(), reason=str(reason), why=why))

    async def _not_now(self, desk: Desk, order: Order, landed: Landed, slot: str) -> Outcome:
        stop = landed.stop
        if isinstance(stop, Waiting) and stop.for_ == f"effect:{slot}":
            return self._unknown(desk, order, landed, slot)
        if not isinstance(stop, Retry) or desk.job.attempts < desk.job.max_attempts:
            return stop or Failed(landed.why)
        # This attempt may have sent it.
        entry = await self._ledger.entry(slot)
        if entry and entry.sent:
            return self._unknown(desk, order, landed, slot)
        return self._failed(desk, order, Reason.GITHUB_ERROR, f"gave up after many attempts: {stop.why}")

    async def _gave_up(self, desk: Desk, order: Order, entry: LedgerEntry | None, why: str) -> Outcome:
        """Another job of this start ended for good. Where that left nobody a word, this is it."""
        source = order.source
        kept = d.read_state(await self._sources.kept.document(d.state_key(source.run, source.attempt, order.asked.key)))
        if kept and kept.stand is not d.Stand.QUEUED:
            return Done({"skipped": "what became of it is told already"})
        if entry and entry.state is EffectState.DONE:
            return self._started(desk, order, _done(entry))
        if entry and entry.sent:
            return self._unknown(desk, order, Landed(Landing.NOT_NOW, why), entry.slot)
        return self._failed(desk, order, Reason.GAVE_UP, why)

    def _unknown(self, desk: Desk, order: Order, landed: Landed, slot: str) -> Outcome:
        """It may have started. That is told once, and another job looks on, or waits for what a person says."""
        if order.told:
            return landed.stop or Failed(landed.why)
        state = order.state(d.Stand.UNKNOWN, desk.now(), why=landed.why, effect=slot)
        then = followups.start(desk.job, replace(order, told=True), repo_of(desk.job), desk.now())
        return self._ended(desk, order, state, then)

    def _ended(
        self,
        desk: Desk,
        order: Order,
        state: d.TargetState,
        then: Job | None = None,
        kept: dict[str, str] | None = None,
    ) -> Done:
        job, now, source = desk.job, desk.now(), order.source
        jobs = [then] if then else []
        if self._options.create_issues:
            jobs.append(followups.report(job, source.repo, source.run, now))
        desk.say("target", target=order.asked.shown, stand=state.stand, reason=state.reason, why=state.why)
        return Done(
            {"target": order.asked.shown, "stand": str(state.stand), "reason": state.reason, "url": state.url},
            jobs=tuple(jobs),
            facts=(telling.of_target(job, source, state, now),),
            documents={d.state_key(source.run, source.attempt, state.key): d.write_state(state), **(kept or {})},
        )


def _start(job: Job, order: Order, inputs: tuple[tuple[str, str], ...] = ()) -> WorkflowDispatch:
    """The same slot, whatever the inputs."""
    return WorkflowDispatch(
        repo=repo_of(job),
        subject=job.subject,
        worker=job.worker,
        purpose=f"{order.asked.key} attempt {order.source.attempt}",
        workflow=order.asked.workflow,
        ref=order.asked.ref,
        inputs=inputs,
    )


def _stale(source: Source, last: Last) -> str:
    """What says no and may only be an old answer of GitHub's: when it was planned, it was otherwise."""
    if last.attempt == source.attempt and not last.ended:
        return f"GitHub shows run {source.run} as one that has not ended"
    if source.whence is Whence.ELSEWHERE:
        return f"GitHub does not show {source.head_sha[:7]} on a branch {source.head_branch}"
    return ""


def _done(entry: LedgerEntry) -> Landed:
    return Landed(Landing.UNCHANGED, url=entry.remote_url or "", remote_id=entry.remote_id or "")


def _elsewhere(job: Job, order: Order, target: Target, now: float) -> Done | None:
    """The job that may do it, where this one is not of the target's own installation, or comes before its window."""
    installed = target.installed
    assert isinstance(installed, Installed)
    window = order.asked.window
    at = opens(window, now) if window else None
    if at is None and installed.repo == repo_of(job):
        return None
    then = followups.start(job, order, installed.repo, now, at=at)
    return Done({"target": order.asked.shown, "goes on": then.id, "at": at}, jobs=(then,))


def _reason(landed: Landed) -> Reason:
    if isinstance(landed.stop, Refused):
        return Reason.DISPATCHING_OFF
    return Reason(landed.reason) if landed.reason in set(Reason) else Reason.GITHUB_ERROR
