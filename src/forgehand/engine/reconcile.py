"""Open pull requests that no webhook told of, or not rightly: found by looking. Runs as a job, page by page, put on the
clock by `engine.schedule`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from forgehand.domain.events import Event, PullRef
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Done, Job, JobState, Outcome, job_id
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.engine.planner import JOBS_A_PAGE, job_for
from forgehand.ports.desk import Desk
from forgehand.ports.github import NotFound, NotPermitted, OpenPulls, PullRequest, Unprocessable
from forgehand.ports.store import Controls, Jobs

PAGE_SECONDS = 60.0
"""After so long a page ends and the next one goes on, well within a job's time."""


class PollStore(Jobs, Controls, Protocol):
    """The part of the store that the poll needs."""


@dataclass
class _Page:
    """What one page of the poll has found so far. `cursor` is the repository to go on with, None at the end."""

    jobs: list[Job] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    looked: int = 0
    cursor: int | None = None


class Reconcile:
    """Looks at every open pull request whose list changed since the last poll (conditional requests, which cost no rate
    limit when nothing did) and makes the jobs that a webhook would have made, where they are missing."""

    type = "reconcile"

    def __init__(self, open_pulls: OpenPulls, store: PollStore, workers: tuple[WorkerSpec, ...]) -> None:
        self._open_pulls = open_pulls
        self._store = store
        self._workers = workers
        # With other workers, lists that did not change must be looked at once more.
        self._known_as = job_id(*workers)[:8]

    async def run(self, desk: Desk) -> Outcome:
        cursor = int(desk.job.payload.get("cursor", 0))
        repos = sorted(await self._open_pulls.repositories(), key=lambda each: each.id)
        page = await self._page([each for each in repos if each.id >= cursor], desk.now)
        jobs = [*page.jobs] if page.cursor is None else [*page.jobs, _next_page(desk.job, page.cursor, desk.now())]
        result = {"pulls": page.looked, "missed": len(page.jobs), "unreadable": len(page.facts)}
        found = [_found(job, desk.now()) for job in page.jobs]
        return Done(result, jobs=tuple(jobs), facts=(*page.facts, *found), marks=page.marks)

    async def _page(self, repos: Sequence[Repo], now: Callable[[], float]) -> _Page:
        page, started = _Page(), now()
        for repo in repos:
            if now() - started > PAGE_SECONDS:
                page.cursor = repo.id
                return page
            mark = f"open_pulls:{self._known_as}:{repo.id}"
            try:
                listed = await self._open_pulls.open_pulls(repo, await self._store.mark(mark))
            except (NotPermitted, NotFound, Unprocessable) as refused:
                # One repository that cannot be read must not hide the others.
                page.facts.append(_unreadable(repo, refused.why, now()))
                continue
            if listed is None:
                continue
            pulls, etag = listed
            page.looked += len(pulls)
            missed, settled = await self._compare(repo, pulls, now())
            room = JOBS_A_PAGE - len(page.jobs)
            page.jobs.extend(missed[:room])
            if len(missed) > room:
                page.cursor = repo.id
                return page
            # While anything is unfinished its outcome is to be looked at again, though the list may not change.
            if etag and settled:
                page.marks[mark] = etag
        return page

    async def _compare(self, repo: Repo, pulls: Sequence[PullRequest], now: float) -> tuple[list[Job], bool]:
        """The jobs that are missing, and whether all others have ended."""
        missed, settled = [], True
        for pull in pulls:
            event = _as_if_pushed(repo, pull)
            for each in match(event, self._workers)[0]:
                latest = await self._store.latest_job(job_for(each, event, now).lane)
                settled = settled and latest is not None and latest.state.ended
                if not covers(latest, pull.head_sha):
                    settled = False
                    # Another name after each generation: a head that comes back needs a job of its own.
                    named = replace(event, delivery=f"{event.delivery}:{latest.generation if latest else 0}")
                    missed.append(job_for(each, named, now))
        return missed, settled


def covers(latest: Job | None, head: str) -> bool:
    """Whether the last job of a lane has said, or will say, what there is to say about this head. One that is not
    finished reads the present state anyway; one that was completed tells which head it saw, and whether it skipped it
    (a draft, say, which may be none any more); one that failed at this head would fail again."""
    if latest is None:
        return False
    if not latest.state.ended:
        return True
    if latest.state is JobState.COMPLETED:
        result = latest.result or {}
        return not result.get("skipped") and result.get("head", latest.revision) == head
    return latest.revision == head


def _next_page(job: Job, cursor: int, now: float) -> Job:
    return replace(
        job,
        id=job_id(job.id, "after", cursor, now),
        state=JobState.PENDING,
        created_at=now,
        run_at=now,
        attempts=0,
        fence=0,
        holder=None,
        lease_until=None,
        started_at=None,
        payload={"cursor": cursor},
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
        id=fact_id("found", job.id),
        kind="poll.found",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={"repository": job.repository, "subject": job.subject, "revision": job.revision},
    )


def _unreadable(repo: Repo, why: str, now: float) -> Fact:
    return Fact(
        id=fact_id("unreadable", repo.id, now),
        kind="poll.unreadable",
        at=now,
        repository_id=repo.id,
        data={"repository": repo.full_name, "why": why},
    )
