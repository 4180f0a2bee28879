"""Rounds over the tests of one repository's pull requests, in this process and without webhooks: what the poll finds is
tested here and now. What else follows from that, such as a new decision, is left to `serve` and `forgehand review`.
Called by `cli.test`.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from forgehand.assembly.at_once import SOON, run_to_its_end
from forgehand.assembly.build import App, Crew, working
from forgehand.assembly.rounds import looked_for, reached
from forgehand.crafts.subjects import number_of
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.repositories import Repo
from forgehand.workers import testing

MOST_READ = 200


@dataclass(frozen=True, slots=True)
class TestRound:
    """The jobs that tested, tried to, or are put off, by the number of their pull request."""

    repository: str
    ran: tuple[tuple[int, Job], ...]

    @property
    def failed(self) -> tuple[tuple[int, str], ...]:
        """Where it did not come to a verdict, and why."""
        return tuple((number, job.why) for number, job in self.ran if job.state is not JobState.COMPLETED)


class TestRounds:
    """Of one repository. `begin` is told the number of each pull request before its tests are run."""

    def __init__(self, app: App, crew: Crew, repo: Repo, begin: Callable[[int], None]) -> None:
        self._app = app
        self._crew = crew
        self._repo = repo
        self._begin = begin

    async def look(self) -> TestRound:
        """At every open pull request whose head was not tested yet, and at what an earlier round had to put off."""
        await looked_for(self._app, self._crew, self._repo, (testing.SPEC,))
        ran: list[tuple[int, Job]] = []
        for job in await self._due():
            number = number_of(job)
            if number:
                self._begin(number)
            # Where another process has it, it is that one's to tell.
            tested = await run_to_its_end(self._crew.runner, self._app.store, job.id)
            if isinstance(tested, Job) and number:
                ran.append((number, tested))
        await self._crew.projector.once()
        seen = {job.id for _, job in ran}
        late = [job for job in await self._put_off() if job.id not in seen]
        return TestRound(self._repo.full_name, (*ran, *((number, job) for job in late if (number := number_of(job)))))

    async def _due(self) -> list[Job]:
        """Those that can be run now; what another process has in hand is its own."""
        return [job for job in await self._ours(JobState.PENDING) if job.run_at <= time.time() + SOON]

    async def _put_off(self) -> list[Job]:
        """Those that cannot yet, also from earlier rounds: writes are paused, say, or GitHub asked for patience."""
        pending = [job for job in await self._ours(JobState.PENDING) if job.run_at > time.time() + SOON]
        return [*pending, *await self._ours(JobState.WAITING)]

    async def _ours(self, state: JobState) -> list[Job]:
        """Those of our repository, the oldest first."""
        listed = await self._app.store.jobs(MOST_READ, state)
        ours = [job for job in listed if job.type == testing.SPEC.type and job.repository_id == self._repo.id]
        return sorted(ours, key=lambda job: job.created_at)


@asynccontextmanager
async def testing_rounds(app: App, repository: str, begin: Callable[[int], None]) -> AsyncIterator[TestRounds]:
    """Sign in, find the repository, and give its rounds. Raises a GitHubError."""
    async with working(app) as crew:
        yield TestRounds(app, crew, await reached(crew, repository), begin)
