"""The dispatch worker: a run ended; which workflows of other repositories does that start? It plans, once for each
attempt of a run, and leaves one job for each target. Run by the engine for every `workflow_run` that is completed.

A run that we started ourselves ends the same way: then whoever follows it is woken, too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from forgehand.crafts.subjects import repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.ports.desk import Desk
from forgehand.workers.dispatch import followups, telling
from forgehand.workers.dispatch.config import Dispatching
from forgehand.workers.dispatch.orders import Order, write_orders
from forgehand.workers.dispatch.reading import (
    DISPATCHED,
    MOST_TRIES,
    Sources,
    config_of,
    source_of,
    started_by_us,
    targets_of,
    whence_of,
)
from forgehand.workers.dispatch.rules.facts import Broken, Config, Installed, Options, Source, Target, Whence
from forgehand.workers.dispatch.rules.plan import Plan, Standing, hangs_on_whence, judge, screen
from forgehand.workers.dispatch.rules.reasons import Reason
from forgehand.workers.dispatch.rules.target import Verdict


class DispatchWorker:
    type: ClassVar[str] = followups.DISPATCH

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options

    async def run(self, desk: Desk) -> Outcome:
        job, repo, number = desk.job, repo_of(desk.job), run_of(desk.job)
        if number is None:
            return Failed(f"a dispatch needs a run, such as run/7, not {job.subject!r}")
        started = await started_by_us(self._sources, repo, number)
        wake = (followups.follow(job, repo, number, desk.now()),) if started else ()
        run = await self._sources.runs.run(repo, number)
        if run is None:
            return Done({"skipped": "the run is gone"}, jobs=wake)
        if not run.ended:
            if job.attempts < MOST_TRIES:
                return Retry(f"GitHub still shows run {number} as {run.status}", after=desk.lag)
            return Done({"skipped": "it runs again"}, jobs=wake)
        source = await source_of(self._sources, repo, run, started)
        config = await config_of(self._sources, repo)
        unknown = started is None and source.ours and run.event == DISPATCHED
        if unknown and _follows_chains(config, source) and job.attempts < MOST_TRIES:
            return Retry("what led to this run is not stored yet", after=desk.lag)
        if hangs_on_whence(source, config, self._options):
            source = replace(source, whence=await whence_of(self._sources, source))
            if source.whence is Whence.ELSEWHERE and job.attempts < MOST_TRIES:
                why = f"GitHub does not show {source.head_sha[:7]} on a branch {source.head_branch}"
                return Retry(why, after=desk.lag)
        asked = screen(source, config, self._options) if isinstance(config, Dispatching) else ()
        targets = await targets_of(self._sources, [each for each, refused in asked if refused is None])
        plan = judge(source, config, targets, self._options)
        desk.say("dispatch", standing=plan.standing, why=plan.ruling.reason, targets=len(plan.targets))
        return self._done(desk, plan, config, targets, wake)

    def _done(
        self, desk: Desk, plan: Plan, config: Config, targets: Mapping[str, Target], wake: tuple[Job, ...]
    ) -> Done:
        job, now, source = desk.job, desk.now(), plan.source
        told = {"run": source.run, "attempt": source.attempt, "standing": str(plan.standing), "why": plan.ruling.reason}
        match plan.standing:
            case Standing.NOTHING:
                fact = telling.of_request(job, source, telling.IGNORED, now, why=plan.ruling.reason)
                return Done(told, jobs=wake, facts=(fact,))
            case Standing.DENIED:
                reason = str(plan.reason or "")
                fact = telling.of_request(job, source, telling.DENIED, now, reason=reason, why=plan.ruling.reason)
                jobs = (*wake, *self._about_broken(job, plan, config, now))
                return Done({**told, "reason": reason}, jobs=jobs, facts=(fact,))
        kept = dispatch_of(plan, now, job.delivery or "")
        facts = _facts(job, plan, kept, now)
        return Done(
            {**told, "allowed": len(plan.allowed), "targets": len(plan.targets) + plan.more},
            jobs=(*wake, *self._ordered(job, plan, targets, now)),
            facts=facts,
            documents={d.plan_key(source.run): d.write_dispatch(kept), **_held(plan)},
            once=facts[0].id,
        )

    def _ordered(self, job: Job, plan: Plan, targets: Mapping[str, Target], now: float) -> list[Job]:
        jobs = []
        for each in plan.targets:
            if _goes(each) and not each.asked.approval:
                installed = targets[each.asked.key].installed
                # Where nobody knows yet which installation may do it, the job finds out.
                where = installed.repo if isinstance(installed, Installed) else plan.source.repo
                jobs.append(followups.start(job, Order(plan.source, each.asked), where, now))
        if self._options.create_issues:
            jobs.append(followups.report(job, plan.source.repo, plan.source.run, now))
        return jobs

    def _about_broken(self, job: Job, plan: Plan, config: Config, now: float) -> tuple[Job, ...]:
        told = plan.reason is Reason.SOURCE_CONFIG_INVALID and self._options.create_issues
        if not told or not isinstance(config, Broken):
            return ()
        return (followups.report_broken(job, plan.source, config.problems, now),)


def run_of(job: Job) -> int | None:
    """The number of `run/7`; None where the job is about something else."""
    kind, _, number = job.subject.partition("/")
    return int(number) if kind == "run" and number.isascii() and number.isdigit() else None


def dispatch_of(plan: Plan, now: float, delivery: str) -> d.Dispatch:
    """The plan as it is kept."""
    source = plan.source
    return d.Dispatch(
        run=source.run,
        attempt=source.attempt,
        repository=source.repository,
        repository_id=source.repository_id,
        installation=source.installation,
        workflow=source.workflow,
        head_branch=source.head_branch,
        head_sha=source.head_sha,
        conclusion=source.conclusion,
        url=source.url,
        planned_at=now,
        ruling=plan.ruling,
        targets=tuple(_state(plan.source, each, now) for each in plan.targets),
        more=plan.more,
        delivery=delivery,
    )


def _state(source: Source, verdict: Verdict, now: float) -> d.TargetState:
    order = Order(source, verdict.asked)
    if not _goes(verdict):
        reason = str(verdict.reason or "")
        return order.state(d.Stand.DENIED, now, reason=reason, why=verdict.ruling.reason, ruling=verdict.ruling)
    stand = d.Stand.APPROVAL if verdict.asked.approval else d.Stand.QUEUED
    return order.state(stand, now, why=verdict.ruling.reason if verdict.undecided else "", ruling=verdict.ruling)


def _goes(verdict: Verdict) -> bool:
    """What nobody can say yet is asked again by the target's own job."""
    return verdict.allowed or verdict.undecided


def _held(plan: Plan) -> dict[str, str]:
    """The starts that wait for approval."""
    held = [Order(plan.source, each.asked) for each in plan.targets if _goes(each) and each.asked.approval]
    return {d.orders_key(plan.source.run, plan.source.attempt): write_orders(held)} if held else {}


def _facts(job: Job, plan: Plan, kept: d.Dispatch, now: float) -> tuple[Fact, ...]:
    counts = {"targets": len(plan.targets) + plan.more, "allowed": len(plan.allowed), "denied": kept.counts.denied}
    planned = telling.of_request(job, plan.source, telling.PLANNED, now, why=plan.ruling.reason, **counts)
    accepted = telling.of_request(job, plan.source, telling.ACCEPTED, now)
    each = (telling.of_target(job, plan.source, state, now) for state in kept.targets[:_MOST_FACTS])
    return (planned, accepted, *each)


_MOST_FACTS = 50
"""A Change stays within what the smallest store takes in one transaction; what is beyond is in the document."""


def _follows_chains(config: Config, source: Source) -> bool:
    if not isinstance(config, Dispatching):
        return False
    return any(each.source.dispatched and each.source.workflow == source.workflow for each in config.outbound)
