"""Starts one target, in the name of its own installation, and leaves a job that follows its run. Run by the engine, one
at a time for each workflow and ref.

Everything is read and judged again right before: consent that was withdrawn since the plan is withdrawn. What fails
here stops no other target, and is told as the outcome of this one.
"""

from typing import Any, ClassVar

from forgehand.crafts.subjects import repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Refused, Retry, Waiting
from forgehand.ports.desk import Desk, Landed, Landing
from forgehand.ports.github import GitHubError, Throttled, TooLate, Unreachable
from forgehand.workers.dispatch import followups, telling
from forgehand.workers.dispatch.orders import Order, read_order
from forgehand.workers.dispatch.reading import Sources, target_of
from forgehand.workers.dispatch.rules.facts import Installed, Options, Target
from forgehand.workers.dispatch.rules.reasons import FAILURES, Reason
from forgehand.workers.dispatch.rules.target import Verdict, judge_target
from forgehand.workers.dispatch.windows import opens


class TargetWorker:
    type: ClassVar[str] = followups.TARGET

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options

    async def run(self, desk: Desk) -> Outcome:
        try:
            order = read_order(desk.job.payload)
        except ValueError:
            return Failed("a start needs the run that asks for it, and what it asks for")
        try:
            target = await target_of(self._sources, order.asked, closely=True)
        except (Throttled, TooLate, Unreachable) as error:
            if desk.job.attempts < desk.job.max_attempts:
                raise
            return self._failed(desk, order, Reason.GITHUB_ERROR, error.why)
        except GitHubError as error:
            return self._failed(desk, order, Reason.GITHUB_ERROR, error.why)
        verdict = judge_target(order.source, order.asked, target, self._options)
        if not verdict.allowed:
            return self._denied(desk, order, verdict)
        if elsewhere := _elsewhere(desk.job, order, target, desk.now()):
            return elsewhere
        return await self._start(desk, order, verdict)

    async def _start(self, desk: Desk, order: Order, verdict: Verdict) -> Outcome:
        job, asked = desk.job, order.asked
        effect = WorkflowDispatch(
            repo=repo_of(job),
            subject=job.subject,
            worker=job.worker,
            purpose=f"{asked.key} attempt {order.source.attempt}",
            workflow=asked.workflow,
            ref=asked.ref,
            inputs=verdict.inputs,
        )
        landed = await desk.perform(effect)
        match landed.landing:
            case Landing.DONE | Landing.UNCHANGED:
                return self._started(desk, order, landed)
            case Landing.REFUSED | Landing.CONFLICT:
                return self._failed(desk, order, _reason(landed), landed.why)
            case Landing.NOT_NOW:
                return self._not_now(desk, order, landed, effect.slot)
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

    def _not_now(self, desk: Desk, order: Order, landed: Landed, slot: str) -> Outcome:
        """Where only a person can say whether it started, that is told, and another job waits for what they say."""
        stop = landed.stop
        if isinstance(stop, Retry) and desk.job.attempts >= desk.job.max_attempts:
            return self._failed(desk, order, Reason.GITHUB_ERROR, f"gave up after many attempts: {stop.why}")
        if not isinstance(stop, Waiting) or stop.for_ != f"effect:{slot}" or order.told:
            return stop or Failed(landed.why)
        state = order.state(d.Stand.UNKNOWN, desk.now(), why=stop.why, effect=slot)
        told = Order(order.source, order.asked, told=True)
        return self._ended(desk, order, state, followups.start(desk.job, told, repo_of(desk.job), desk.now()))

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
