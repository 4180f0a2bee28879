"""The tests of one pull request, run now and here, as the engine would. Called by `cli.test`."""

import time

from forgehand.assembly.at_once import run_to_its_end
from forgehand.assembly.build import App, working
from forgehand.domain.jobs import Change, Job, job_id
from forgehand.ports.github import NotFound
from forgehand.ports.store import Unclaimed
from forgehand.workers import testing


async def run_pull(app: App, full_name: str, number: int) -> Job | Unclaimed:
    """The job as it then is: its check run stands on GitHub. It supersedes one that tests the same pull request. Raises
    a GitHubError."""
    async with working(app) as crew:
        reached = {repo.full_name.lower(): repo for repo in await crew.repositories.repositories()}
        repo = reached.get(full_name.lower())
        if repo is None:
            raise NotFound(f"the App reaches no repository {full_name}: install it there, or give another --repo")
        now, subject = time.time(), f"pull/{number}"
        job = Job(
            id=job_id("test", repo.id, number, now),
            type=testing.SPEC.type,
            worker=testing.SPEC.id,
            tenant=repo.installation,
            repository_id=repo.id,
            repository=repo.full_name,
            subject=subject,
            created_at=now,
            payload={"event": "command line"},
            grant=testing.SPEC.grant,
            lane=f"{testing.SPEC.id}:{repo.id}:{subject}",
            run_at=now,
            max_duration=testing.SPEC.max_duration,
        )
        await app.store.commit(Change(enqueue=(job,)), now)
        return await run_to_its_end(crew.runner, app.store, job.id)
