"""What webhooks lost: two polls that bring it back. Run as jobs, enqueued by `engine.schedule`.

`Sweep` asks GitHub which deliveries failed and has those redelivered that are not stored here: GitHub never redelivers
by itself (https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries). `Reconcile` looks at
the open pull requests themselves, so that everything is reviewed even if no webhook ever came.
"""

from collections.abc import Sequence
from typing import Protocol

from forgehand.domain.effects.redelivery import Redelivery
from forgehand.domain.events import Event, PullRef
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Done, Job, Outcome
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.engine.planner import JOBS_A_PAGE, job_for
from forgehand.ports.desk import Desk
from forgehand.ports.github import HookDelivery, Hooks, OpenPulls, PullRequest
from forgehand.ports.store import Controls, Intake, Jobs

REDELIVERABLE_SECONDS = 3 * 24 * 3600
"""GitHub keeps deliveries for redelivery three days."""
TRIES_PER_DELIVERY = 5
OVERLAP_SECONDS = 60.0


class PollStore(Intake, Jobs, Controls, Protocol):
    """The part of the store that polls need."""


class Sweep:
    type = "sweep"

    def __init__(self, hooks: Hooks, store: PollStore) -> None:
        self._hooks = hooks
        self._store = store

    async def run(self, desk: Desk) -> Outcome:
        now = desk.now()
        since = max(float(await self._store.mark("sweep") or 0.0), now - REDELIVERABLE_SECONDS)
        attempts = await self._hooks.hook_deliveries(since)
        missing = unheard(attempts, await self._store.known_guids([each.guid for each in attempts]))
        stop = await desk.perform_all([_redelivery(each) for each in missing])
        # The mark stays before the oldest delivery that is still missing, so that the next sweep sees it again.
        oldest = min((each.delivered_at for each in missing), default=now)
        marks = {"sweep": str(min(oldest, now) - OVERLAP_SECONDS)}
        return stop or Done({"attempts": len(attempts), "redelivered": len(missing)}, marks=marks)


def unheard(attempts: Sequence[HookDelivery], known: frozenset[str]) -> list[HookDelivery]:
    """The newest attempt of each delivery that failed every time and is not stored here, oldest delivery first. One
    that failed too often is left alone: asking again would only fail again."""
    by_guid: dict[str, list[HookDelivery]] = {}
    for attempt in attempts:
        by_guid.setdefault(attempt.guid, []).append(attempt)
    lost = [
        max(tries, key=lambda each: (each.delivered_at, each.id))
        for guid, tries in by_guid.items()
        if guid not in known and not any(each.ok for each in tries) and len(tries) <= TRIES_PER_DELIVERY
    ]
    return sorted(lost, key=lambda each: (each.delivered_at, each.id))


class Reconcile:
    """Looks at every open pull request whose list changed since the last poll (conditional requests, which cost no rate
    limit when nothing did) and makes the jobs that a webhook would have made, unless one for this head exists."""

    type = "reconcile"

    def __init__(self, open_pulls: OpenPulls, store: PollStore, workers: tuple[WorkerSpec, ...]) -> None:
        self._open_pulls = open_pulls
        self._store = store
        self._workers = workers

    async def run(self, desk: Desk) -> Outcome:
        jobs: list[Job] = []
        marks: dict[str, str] = {}
        looked = 0
        for repo in await self._open_pulls.repositories():
            mark = f"open_pulls:{repo.id}"
            listed = await self._open_pulls.open_pulls(repo, await self._store.mark(mark))
            if listed is None:
                continue
            pulls, etag = listed
            looked += len(pulls)
            missed = [job for pull in pulls for job in await self._missed(repo, pull, desk.now())]
            if len(jobs) + len(missed) > JOBS_A_PAGE:
                # Its ETag is not kept, so the next poll looks at it again and finds the rest.
                jobs.extend(missed[: JOBS_A_PAGE - len(jobs)])
                break
            jobs.extend(missed)
            if etag:
                marks[mark] = etag
        facts = tuple(_found(job, desk.now()) for job in jobs)
        return Done({"pulls": looked, "missed": len(jobs)}, jobs=tuple(jobs), facts=facts, marks=marks)

    async def _missed(self, repo: Repo, pull: PullRequest, now: float) -> list[Job]:
        matches, _ = match(_as_if_pushed(repo, pull), self._workers)
        return [
            job_for(each, _as_if_pushed(repo, pull), now)
            for each in matches
            if not await self._store.known_revision(each.worker.id, repo.id, f"pull/{pull.number}", pull.head_sha)
        ]


def _redelivery(attempt: HookDelivery) -> Redelivery:
    return Redelivery(
        repo=Repo(0, 0, ""),
        subject=f"delivery/{attempt.guid}",
        worker="sweep",
        purpose=str(attempt.id),
        hook_delivery=attempt.id,
        guid=attempt.guid,
    )


def _as_if_pushed(repo: Repo, pull: PullRequest) -> Event:
    """The event that a push to this head would have been. Named after the head, so that finding it twice is one job."""
    return Event(
        delivery=f"poll:{repo.id}:{pull.number}:{pull.head_sha}",
        name="pull_request",
        action="synchronize",
        repo=repo,
        sender=pull.author,
        sender_is_bot=False,
        pull=PullRef(pull.number, pull.head_sha, pull.head_ref, pull.base_ref, pull.draft, pull.head_repository),
    )


def _found(job: Job, now: float) -> Fact:
    return Fact(
        id=fact_id("found", job.id, near=job.id),
        kind="poll.found",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={"repository": job.repository, "subject": job.subject, "revision": job.revision},
    )
