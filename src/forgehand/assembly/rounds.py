"""Rounds over one repository's pull requests, in this process and without webhooks: what the poll finds there becomes
jobs, which are run here and now. Called by `cli.review`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from forgehand.assembly.at_once import PATIENCE, SOON
from forgehand.assembly.build import App, Crew, working
from forgehand.assembly.workers import specs
from forgehand.crafts.subjects import number_of
from forgehand.domain.deliveries import ASKED
from forgehand.domain.followups import DECIDE, lane
from forgehand.domain.jobs import Change, Done, Job, JobState
from forgehand.domain.modes import Mode
from forgehand.domain.pulls import PullStage, PullState
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.engine.desk import JobDesk
from forgehand.engine.dry_run import DryGate
from forgehand.engine.overlooked import as_if_pushed
from forgehand.engine.planner import job_for
from forgehand.engine.reconcile import Reconcile
from forgehand.engine.schedule import Poll, tick
from forgehand.ports.github import NotFound, OpenPulls, PullRequest

NO_SUCCESS = (JobState.FAILED, JobState.DEAD_LETTER)


@dataclass(frozen=True, slots=True)
class Round:
    """The pull requests that were looked at, as they now stand; why work on them failed, by number; and why the others
    were not judged as they now are. What was said of an earlier head is no answer."""

    repository: str
    pulls: tuple[PullState, ...]
    failed: tuple[tuple[int, str], ...] = ()
    unjudged: tuple[tuple[int, str], ...] = ()


class Rounds:
    """Of one repository. `begin` is told the number of each pull request before work on it starts."""

    def __init__(self, app: App, crew: Crew, repo: Repo, begin: Callable[[int], None]) -> None:
        self._app = app
        self._crew = crew
        self._repo = repo
        self._begin = begin
        self._workers = specs(app.built_in, Mode(app.settings.mode), dispatching=app.settings.dispatch)

    async def look(self) -> Round:
        """At every open pull request of which something is new."""
        return await self._worked(await looked_for(self._app, self._crew, self._repo, self._workers))

    async def look_at(self, number: int) -> Round:
        """At one, whether something is new or not."""
        now, pull = time.time(), await self._crew.parts.pulls.pull(self._repo, number)
        event = replace(as_if_pushed(self._repo, pull), delivery=f"{ASKED}{self._repo.id}:{number}:{now}")
        jobs = [job_for(matched, event, now) for matched in match(event, self._workers)[0]]
        await self._app.store.commit(Change(enqueue=tuple(jobs)), now)
        return await self._worked(jobs)

    async def _worked(self, made: Sequence[Job]) -> Round:
        numbers = sorted({number for job in made if (number := number_of(job))})
        for number in numbers:
            self._begin(number)
        await self._until_done()
        await self._crew.projector.once()
        ended = [job for each in made if (job := await self._app.store.job(each.id))]
        failed = {number_of(job) or 0: job.why for job in ended if job.state in NO_SUCCESS}
        pulls: list[PullState] = []
        unjudged: list[tuple[int, str]] = []
        for number in numbers:
            found = await self._judged(number, [job for job in ended if number_of(job) == number])
            if isinstance(found, PullState):
                pulls.append(found)
            elif number not in failed:
                unjudged.append((number, found))
        return Round(self._repo.full_name, tuple(pulls), tuple(failed.items()), tuple(unjudged))

    async def _judged(self, number: int, asked: Sequence[Job]) -> PullState | str:
        """What was decided about a pull request since we asked, else why nothing was."""
        pull = await self._app.store.pull(self._repo.id, number)
        if pull and all(_answered(job, pull) for job in asked):
            return pull
        last = await self._app.store.latest_job(lane(DECIDE, self._repo.id, number))
        if pull and last and last.state is JobState.COMPLETED:
            return f"what was decided is about {pull.head_sha[:7]}, another head"
        return last.why or f"its job {last.id[:8]} is {last.state}" if last else "nothing here decides about it"

    async def _until_done(self) -> None:
        deadline = time.time() + PATIENCE
        while True:
            await self._crew.runner.drain()
            due = await self._next_due()
            if due is None or time.time() > deadline:
                return
            await asyncio.sleep(max(0.1, due - time.time()))

    async def _next_due(self) -> float | None:
        """When work on this repository goes on; what another process has in hand is looked at again at once."""
        listed = [job for state in _UNFINISHED for job in await self._app.store.jobs(200, state)]
        here = [job for job in listed if job.repository_id == self._repo.id]
        due = [job.run_at if job.state is JobState.PENDING else 0.0 for job in here]
        return min((at for at in due if at <= time.time() + SOON), default=None)


def _answered(job: Job, pull: PullState) -> bool:
    """Whether this is said of the head that the job is for, and not before the job where that was to decide. Of what is
    over, the head does not matter."""
    same = pull.state is not PullStage.OPEN or pull.head_sha == job.revision
    return same and (job.type != DECIDE or pull.generation >= job.generation)


_UNFINISHED = (JobState.PENDING, JobState.CLAIMED, JobState.RUNNING)


async def looked_for(app: App, crew: Crew, repo: Repo, workers: tuple[WorkerSpec, ...]) -> list[Job]:
    """The jobs of these workers that are missing in a repository, as the poll finds them. They are pending from now
    on."""
    poll = Reconcile(_Only(crew.repositories, repo), app.store, workers, crew.parts.policies)
    made: list[Job] = []
    while True:
        now = time.time()
        found = await poll.run(JobDesk(tick(Poll(poll.type, 1.0), now), DryGate(app.store), time.time))
        assert isinstance(found, Done)
        jobs = tuple(job for job in found.jobs if job.type != poll.type)
        await app.store.commit(Change(enqueue=jobs, facts=found.facts, marks=found.marks), now)
        made += jobs
        if len(jobs) == len(found.jobs):
            return made


async def reached(crew: Crew, repository: str) -> Repo:
    """Sign in and find the repository. Raises a GitHubError."""
    await crew.sign_in()
    await crew.rescue.once()
    for repo in await crew.repositories.repositories():
        if repo.full_name.casefold() == repository.casefold():
            return repo
    raise NotFound(f"the App is not installed on a repository {repository}: give --repo OWNER/NAME of another")


@asynccontextmanager
async def rounds(app: App, repository: str, begin: Callable[[int], None]) -> AsyncIterator[Rounds]:
    """Sign in, find the repository, and give its rounds. Raises a GitHubError."""
    async with working(app) as crew:
        yield Rounds(app, crew, await reached(crew, repository), begin)


class _Only:
    """The poll's view of GitHub, narrowed to one repository."""

    def __init__(self, all_of_them: OpenPulls, repo: Repo) -> None:
        self._all = all_of_them
        self._repo = repo

    async def repositories(self) -> Sequence[Repo]:
        return (self._repo,)

    async def open_pulls(self, repo: Repo, etag: str | None) -> tuple[Sequence[PullRequest], str | None] | None:
        return await self._all.open_pulls(repo, etag)

    async def tip(self, repo: Repo, branch: str, etag: str | None) -> tuple[str | None, str | None] | None:
        return await self._all.tip(repo, branch, etag)
