"""What no webhook told of, or not rightly: found by looking at every repository. Runs as a job, page by page, put on
the clock by `engine.schedule`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Done, Job, JobState, Outcome, job_id
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec
from forgehand.engine.overlooked import DAY, Overlooked, OverlookedStore, day_of, watches_pushes
from forgehand.engine.overlooked_runs import OverlookedRuns
from forgehand.engine.planner import JOBS_A_PAGE
from forgehand.ports.desk import Desk
from forgehand.ports.github import GitHubError, OpenPulls, Throttled
from forgehand.ports.policies import Policies
from forgehand.ports.workflows import WatchedRuns

Found = tuple[list[Job], dict[str, str]]
"""The jobs that are missing, and the marks that remember what was there."""

PAGE_SECONDS = 60.0
"""After so long a page ends and the next one goes on, well within a job's time."""


@dataclass
class _Page:
    """What one page of the poll has found so far. `cursor` is the repository to go on with, None at the end."""

    jobs: list[Job] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    limited: set[int] = field(default_factory=set)
    """Installations that GitHub asked us to wait with."""
    looked: int = 0
    cursor: int | None = None


class Reconcile:
    """Looks at every open pull request whose list changed since the last poll, or one of which waits for something, at
    the bases of all, and at the `runs` of workflows that ended (conditional requests, which cost no rate limit when
    nothing changed), and makes the jobs that a webhook would have made, where they are missing."""

    type = "reconcile"

    def __init__(
        self,
        open_pulls: OpenPulls,
        store: OverlookedStore,
        workers: tuple[WorkerSpec, ...],
        policies: Policies,
        runs: WatchedRuns | None = None,
    ) -> None:
        self._open_pulls = open_pulls
        self._runs = runs
        self._store = store
        self._workers = workers
        self._policies = policies
        # With other workers, lists that did not change must be looked at once more.
        self._known_as = job_id(*workers)[:8]

    async def run(self, desk: Desk) -> Outcome:
        cursor = int(desk.job.payload.get("cursor", 0))
        repos = sorted(await self._open_pulls.repositories(), key=lambda each: each.id)
        since = float(desk.job.payload.get("since", desk.job.created_at))
        page = await self._page([each for each in repos if each.id >= cursor], since, desk.now)
        jobs = [*page.jobs]
        if page.cursor is not None:
            jobs.append(_next_page(desk.job, page.cursor, since, desk.now()))
        result = {"pulls": page.looked, "jobs": len(page.jobs), "unreadable": len(page.facts)}
        found = [_found(job, desk.now()) for job in page.jobs]
        return Done(result, jobs=tuple(jobs), facts=(*page.facts, *found), marks=page.marks)

    async def _page(self, repos: Sequence[Repo], since: float, now: Callable[[], float]) -> _Page:
        page, started = _Page(), now()
        overlooked = Overlooked(self._open_pulls, self._store, self._workers, self._policies, since)
        runs = OverlookedRuns(self._runs, self._store, self._workers) if self._runs else None
        for repo in repos:
            if now() - started > PAGE_SECONDS:
                page.cursor = repo.id
                return page
            if repo.installation in page.limited:
                continue
            missed, marks = await self._look(repo, overlooked, runs, page, now())
            room = JOBS_A_PAGE - len(page.jobs)
            page.jobs.extend(missed[:room])
            if len(missed) > room:
                page.cursor = repo.id
                return page
            page.marks.update(marks)
        return page

    async def _look(
        self, repo: Repo, overlooked: Overlooked, runs: OverlookedRuns | None, page: _Page, now: float
    ) -> Found:
        missed, marks = await _unless_refused(self._pulls(repo, overlooked, page, now), repo, page, now)
        if runs and repo.installation not in page.limited:
            ended, seen = await _unless_refused(runs.ended(repo, now), repo, page, now)
            missed, marks = missed + ended, marks | seen
        return missed, marks

    async def _pulls(self, repo: Repo, overlooked: Overlooked, page: _Page, now: float) -> Found:
        """What is missing about pull requests and the branches they go into."""
        mark = f"open_pulls:{self._known_as}:{repo.id}"
        # What failed is tried again each day, though the list may not have changed.
        today = f"{day_of(repo.id, overlooked.since)} "
        kept = await self._store.mark(mark) or ""
        etag = kept.removeprefix(today) if kept.startswith(today) else None
        listed = await self._open_pulls.open_pulls(repo, etag)
        missed: list[Job] = []
        marks: dict[str, str] = {}
        bases: set[str] = set()
        if listed is not None:
            pulls, etag = listed
            page.looked += len(pulls)
            bases = {pull.base_ref for pull in pulls}
            missed, settled = await overlooked.heads(repo, pulls, now)
            ends = await overlooked.ends(repo, pulls, now)
            missed.extend(ends)
            # While anything is unfinished its outcome is to be looked at again, though the list may not change.
            if etag and settled and not ends:
                marks[mark] = today + etag
        if watches_pushes(self._workers):
            pushed, tips = await overlooked.pushes(repo, bases, now)
            missed.extend(pushed)
            marks |= tips
        return missed, marks


async def _unless_refused(look: Awaitable[Found], repo: Repo, page: _Page, now: float) -> Found:
    """What a look finds. Where GitHub refuses it, that is told: one repository that cannot be read must not hide the
    others, nor its runs its pull requests."""
    try:
        return await look
    except GitHubError as refused:
        page.facts.append(_unreadable(repo, refused.why, now))
        if isinstance(refused, Throttled):
            page.limited.add(repo.installation)
        return [], {}


def _next_page(job: Job, cursor: int, since: float, now: float) -> Job:
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
        payload={"cursor": cursor, "since": since},
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
    """Told once a day, however often it is met."""
    return Fact(
        id=fact_id("unreadable", repo.id, why, int(now // DAY)),
        kind="poll.unreadable",
        at=now,
        repository_id=repo.id,
        data={"repository": repo.full_name, "why": why},
    )
