"""Runs of workflows that ended and that no job has seen. Looked for by `reconcile`, one repository at a time; a job is
made as the event would have made it.

What ended before a repository was first looked at is history: it starts nothing. While nobody waits for runs nothing is
remembered, so that whoever waits again looks for the first time.
"""

import json
from collections.abc import Sequence

from forgehand.domain.events import Event
from forgehand.domain.jobs import Job
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.domain.runs import RunRef
from forgehand.engine.overlooked import OverlookedStore
from forgehand.engine.planner import job_for
from forgehand.ports.github import NotPermitted
from forgehand.ports.workflows import FinishedRuns, Run


class OverlookedRuns:
    """Made for one page of the poll. An installation that lets us read no runs is asked once."""

    def __init__(self, runs: FinishedRuns, store: OverlookedStore, workers: tuple[WorkerSpec, ...]) -> None:
        self._runs = runs
        self._store = store
        self._workers = workers
        self._closed: set[int] = set()

    async def ended(self, repo: Repo, now: float) -> tuple[list[Job], dict[str, str]]:
        """The jobs that are missing, and the mark that remembers which runs were there."""
        key = f"runs:{repo.id}"
        if not _watches(self._workers):
            return [], await self._forgotten(key)
        if repo.installation in self._closed:
            return [], {}
        kept = json.loads(await self._store.mark(key) or "null")
        try:
            listed = await self._runs.finished(repo, kept["etag"] if kept else None)
        except NotPermitted:
            self._closed.add(repo.installation)
            return [], {}
        if listed is None:
            return [], {}
        runs, etag = listed
        names = [_name(run) for run in runs]
        seen = set(kept["seen"]) if kept else set(names)
        since = kept.get("since", 0.0) if kept else _last_end(runs)
        new = [run for run in runs if _name(run) not in seen and run.updated_at >= since]
        missed = [job for run in new for job in await self._missing(repo, run, now)]
        return missed, {key: json.dumps({"etag": etag, "since": since, "seen": names})}

    async def _forgotten(self, key: str) -> dict[str, str]:
        return {key: ""} if await self._store.mark(key) else {}

    async def _missing(self, repo: Repo, run: Run, now: float) -> list[Job]:
        jobs = [
            job_for(each, _as_if_ended(repo, run), now) for each in match(_as_if_ended(repo, run), self._workers)[0]
        ]
        return [job for job in jobs if not _covers(await self._store.latest_job(job.lane), run)]


def _watches(workers: Sequence[WorkerSpec]) -> bool:
    return any(trigger.event == "workflow_run" for worker in workers if worker.enabled for trigger in worker.triggers)


def _last_end(runs: Sequence[Run]) -> float:
    """When the first look was, by GitHub's clock. Where somebody deletes runs, older ones move up into the list: what
    ended before stays history."""
    return max((run.updated_at for run in runs), default=0.0)


def _name(run: Run) -> str:
    return f"{run.id}:{run.attempt}"


def _covers(latest: Job | None, run: Run) -> bool:
    """Whether the last job about this run has said, or will say, what there is to say of this attempt."""
    return latest is not None and (not latest.state.ended or (latest.result or {}).get("attempt", 0) >= run.attempt)


def _as_if_ended(repo: Repo, run: Run) -> Event:
    """The event that its end would have been. Named after the attempt, so that finding it twice is one job."""
    about = RunRef(
        id=run.id,
        workflow=run.workflow,
        name=run.name,
        event=run.event,
        head_branch=run.head_branch,
        head_sha=run.head_sha,
        head_repository=run.head_repository,
        conclusion=run.conclusion,
        url=run.url,
        attempt=run.attempt,
    )
    name = f"poll:{repo.id}:run:{_name(run)}"
    return Event(name, "workflow_run", "completed", repo, run.actor, sender_is_bot=False, run=about)
