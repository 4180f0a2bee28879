"""The jobs that follow from a plan: one for each target, one that follows the run it started, one that tells. Made
here, so that every worker of this folder makes them alike. Pure.
"""

from dataclasses import replace
from typing import Any

from forgehand.domain.followups import TARGET, follow_up
from forgehand.domain.jobs import Job, job_id
from forgehand.domain.repositories import Repo
from forgehand.workers.dispatch.orders import Order, write_order
from forgehand.workers.dispatch.rules.facts import Source

DISPATCH = "dispatch"
FOLLOW = "dispatch-follow"
REPORT = "dispatch-report"
APPROVE = "dispatch-approve"

MOST_ATTEMPTS = 12
"""With the pauses between them, GitHub may be away for an hour before a target counts as failed."""
TOGETHER = 2.0
"""Seconds in which what happens to several targets is told at once."""
FIRST_LOOK, LONGEST = 5.0, 1800.0
"""Seconds until a run is looked at if no webhook tells of its end, twice as late each time."""
MOST_LOOKS = 57
"""A day's worth; after that only a webhook tells."""


def start(job: Job, order: Order, where: Repo, now: float, *, at: float | None = None) -> Job:
    """Start this target, through the installation that it is known by, as far as it is known. Starts of one workflow on
    one ref run one at a time: only so can a run be told from another's. The same start is the same job, whichever
    delivery leads to it; what a job about it leaves to be done is a job of its own."""
    asked = order.asked
    named = (order.source.run, order.source.attempt, asked.key, where.installation, where.id, where.full_name)
    made = _job(job, TARGET, (), where, order.source.run, now)
    return replace(
        made,
        id=job_id(TARGET, *named, job.id if job.type == TARGET else ""),
        payload=write_order(order),
        key=f"{TARGET}:{asked.repository.casefold()}:{asked.workflow}:{asked.ref}",
        revision=order.source.head_sha,
        run_at=now if at is None else at,
    )


def follow(job: Job, repo: Repo, run: int, now: float, *, after: float = 0.0, looks: int = 0) -> Job:
    """Look at a run that we started. There is one such job for each run: a webhook takes the place of a later look."""
    made = _job(job, FOLLOW, ("follow", repo.id, run, job.id, job.fence), repo, run, now)
    lane = f"{FOLLOW}:{repo.id}:{made.subject}"
    return replace(made, lane=lane, payload={"looks": looks}, run_at=now + after)


def follow_later(job: Job, repo: Repo, run: int, now: float) -> Job | None:
    """Look at it again; None once it was looked at often enough."""
    looks = int(job.payload.get("looks", 0)) + 1
    if looks > MOST_LOOKS:
        return None
    return follow(job, repo, run, now, after=min(LONGEST, FIRST_LOOK * 2**looks), looks=looks)


def report(job: Job, source: Repo, run: int, now: float) -> Job:
    """Tell in the source what became of its run. The newest takes the place of those before: it reads everything."""
    made = _job(job, REPORT, ("report", run, job.id, job.fence), source, run, now)
    return replace(made, lane=f"{REPORT}:{source.id}:{made.subject}", run_at=now + TOGETHER)


def report_broken(job: Job, source: Source, problems: tuple[str, ...], now: float) -> Job:
    """Tell in the source that its file cannot be used."""
    made = _job(job, REPORT, ("broken", source.repository_id, job.id), source.repo, source.run, now)
    return replace(made, payload={"broken": list(problems)})


def _job(job: Job, kind: str, named: tuple[Any, ...], where: Repo, run: int, now: float) -> Job:
    made = follow_up(job, kind, job_id(kind, *named, near=job.id), f"run/{run}", now)
    return replace(
        made,
        tenant=where.installation,
        repository_id=where.id,
        repository=where.full_name,
        max_attempts=MOST_ATTEMPTS,
    )
