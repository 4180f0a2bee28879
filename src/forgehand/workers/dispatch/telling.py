"""The facts of a dispatch. Made here, so that all of them tell alike. Pure.

Each is named by the run, its attempt and the target, so that it happens once, whoever comes to it again.
"""

from typing import Any

from forgehand.domain.dispatches import Stand, Started, TargetState
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Job
from forgehand.workers.dispatch.rules.facts import Source

SOURCE = "dispatcher.v2"
ACCEPTED, DENIED, IGNORED = "dispatch.request.accepted", "dispatch.request.denied", "dispatch.request.ignored"
PLANNED = "dispatch.plan.created"
QUEUED, TARGET_DENIED = "dispatch.target.queued", "dispatch.target.denied"
SUCCEEDED, FAILED, UNKNOWN = "dispatch.trigger.succeeded", "dispatch.trigger.failed", "dispatch.trigger.unknown"
ENDED = "dispatch.run.ended"
ASKED, APPROVED, REFUSED = "dispatch.approval.asked", "dispatch.approval.given", "dispatch.approval.refused"

_OF_STAND = {
    Stand.QUEUED: QUEUED,
    Stand.APPROVAL: ASKED,
    Stand.DENIED: TARGET_DENIED,
    Stand.FAILED: FAILED,
    Stand.STARTED: SUCCEEDED,
    Stand.UNKNOWN: UNKNOWN,
}


def of_request(job: Job, source: Source, kind: str, now: float, **more: Any) -> Fact:
    """About the run as a whole."""
    return _fact(job, kind, (source.run, source.attempt), now, {**_about(source), **more})


def of_target(job: Job, source: Source, state: TargetState, now: float) -> Fact:
    """That a target came to stand there."""
    named = (source.run, source.attempt, state.key)
    return _fact(job, _OF_STAND[state.stand], named, now, _about(source) | _of(state))


def of_end(job: Job, started: Started, state: TargetState, attempt: int, now: float) -> Fact:
    """That a run which we started ended, in this attempt of it."""
    about = {
        "source": SOURCE,
        "from": started.source_repo.full_name,
        "run": started.source,
        "attempt": started.attempt,
    }
    return _fact(job, ENDED, (job.repository_id, state.run, attempt), now, about | _of(state))


def of_comment(job: Job, kind: str, named: tuple[Any, ...], now: float, about: dict[str, Any]) -> Fact:
    """About an approval."""
    return _fact(job, kind, named, now, {"source": SOURCE, "from": job.repository, **about})


def _of(state: TargetState) -> dict[str, Any]:
    told = {
        "target": f"{state.repository}:{state.workflow}",
        "ref": state.ref,
        "reason": state.reason,
        "why": state.why,
        "target_run": state.run,
        "url": state.url,
        "conclusion": state.conclusion,
    }
    return {name: value for name, value in told.items() if value}


def _about(source: Source) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "from": source.repository,
        "workflow": source.workflow,
        "run": source.run,
        "attempt": source.attempt,
        "head": source.head_sha,
    }


def _fact(job: Job, kind: str, named: tuple[Any, ...], now: float, data: dict[str, Any]) -> Fact:
    return Fact(
        id=fact_id(kind, *named),
        kind=kind,
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={**data, "repository": job.repository, "subject": job.subject},
    )
