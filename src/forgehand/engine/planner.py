"""Planning: a stored delivery becomes the jobs of the workers it wakes, or a fact that says why it wakes none.

Runs as a job of type `plan`, page by page, so that a crash in it is just a job that is run again: the ids of what it
creates follow from the delivery.
"""

from collections.abc import Awaitable, Callable

from forgehand.domain.events import Event, Unhandled, parse
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLAN, Done, Failed, Job, Outcome, job_id
from forgehand.domain.routing import Match, WorkerSpec, match
from forgehand.engine.intake import planning_job
from forgehand.ports.desk import Desk
from forgehand.ports.store import Intake

JOBS_A_PAGE = 15
"""A Change stays within what the smallest store takes in one transaction (100 items)."""

MAX_ATTEMPTS = 12
"""With the pauses between them, GitHub may be away for an hour before a person has to look."""

OWN_ECHOES = frozenset(
    {
        "check_run",
        "check_suite",
        "commit_comment",
        "issue_comment",
        "issues",
        "label",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "status",
    }
)
"""Events that we cause by speaking. They never wake us when our own App sent them, or a worker would talk to itself."""


class Planner:
    """`own_login` gives our App's login on GitHub (`slug[bot]`); asked only for events that may be our own echo."""

    type = PLAN

    def __init__(self, store: Intake, workers: tuple[WorkerSpec, ...], own_login: Callable[[], Awaitable[str]]) -> None:
        self._store = store
        self._workers = workers
        self._own_login = own_login

    async def run(self, desk: Desk) -> Outcome:
        guid = str(desk.job.payload["guid"])
        stored = await self._store.delivery(guid)
        if stored is None:
            return Failed(f"delivery {guid} is not stored")
        event = parse(stored.delivery)
        if isinstance(event, Unhandled):
            return _nothing(desk, event.why)
        if event.name in OWN_ECHOES and event.sender == await self._own_login():
            return _nothing(desk, "our own App sent it", event)
        matches, misses = match(event, self._workers)
        cursor, replay = int(desk.job.payload.get("cursor", 0)), str(desk.job.payload.get("replay", ""))
        page = matches[cursor : cursor + JOBS_A_PAGE]
        now = desk.now()
        jobs = [job_for(each, event, now, replay=replay) for each in page]
        if len(matches) > cursor + JOBS_A_PAGE:
            jobs.append(planning_job(guid, event.name, now, replay=replay, cursor=cursor + JOBS_A_PAGE))
        planned = Fact(
            id=fact_id("planned", desk.job.id, near=desk.job.id),
            kind="delivery.planned",
            at=now,
            delivery=guid,
            repository_id=event.repo.id,
            data={
                "matched": {each.worker.id: each.why for each in page},
                "missed": {each.worker.id: each.why for each in misses},
                "action": event.action,
                "repository": event.repo.full_name,
                "replay": replay,
            },
        )
        return Done({"jobs": len(page)}, jobs=tuple(jobs), facts=(planned,))


def job_for(matched: Match, event: Event, now: float, *, replay: str = "") -> Job:
    """The job of one worker for one event: the same event gives the same id, a replay gives another."""
    worker = matched.worker
    subject = f"pull/{event.pull.number}" if event.pull else f"event/{event.name}"
    revision = event.pull.head_sha if event.pull else ""
    return Job(
        id=job_id(event.delivery, replay, worker.id, event.repo.id, subject, revision, near=event.delivery),
        type=worker.type,
        worker=worker.id,
        tenant=event.repo.installation,
        repository_id=event.repo.id,
        repository=event.repo.full_name,
        subject=subject,
        created_at=now,
        payload={"event": event.name, "action": event.action, "sender": event.sender},
        grant=worker.grant,
        lane=f"{worker.id}:{event.repo.id}:{subject}" if event.pull else "",
        revision=revision,
        run_at=now,
        max_duration=worker.max_duration,
        max_attempts=MAX_ATTEMPTS,
        delivery=event.delivery,
        correlation=event.delivery,
    )


def _nothing(desk: Desk, why: str, event: Event | None = None) -> Done:
    about = {"action": event.action, "repository": event.repo.full_name} if event else {}
    nothing = Fact(
        id=fact_id("planned", desk.job.id, near=desk.job.id),
        kind="delivery.unhandled",
        at=desk.now(),
        delivery=desk.job.delivery,
        data={"why": why, **about},
    )
    return Done({"jobs": 0, "why": why}, facts=(nothing,))
