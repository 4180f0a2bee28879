"""Runs of workflows that ended and that no job has seen. Looked for by `reconcile`, one repository at a time; a job is
made as the event would have made it.

GitHub lists runs by when they began, and not by when they ended. So those that have not ended are remembered, and each
of them that no list shows any more is looked at by its number: a long one behind many short ones, or an old one that is
repeated.

What ended before a repository was first looked at is history: it starts nothing. So is what ended so long ago that the
store may have forgotten what it started. While nobody waits for runs nothing is remembered, so that whoever waits again
looks for the first time.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from forgehand.domain.deliveries import POLLED
from forgehand.domain.events import Event
from forgehand.domain.jobs import Job
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.domain.runs import RunRef
from forgehand.engine.overlooked import OverlookedStore
from forgehand.engine.planner import job_for
from forgehand.ports.github import NotPermitted
from forgehand.ports.workflows import NEWEST, Run, WatchedRuns

LOOKS = 10
"""Runs that one look at a repository asks for by their numbers; the others are asked for by the next ones."""
MOST_ASTRAY = 1000
HISTORY_SECONDS = 7 * 86_400.0
"""Less than the least of `FORGEHAND_KEEP_DAYS`."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a repository's runs. Of the newest, `seen` are those that ended, as `id:attempt`, and
    `unfinished` the ids of the others; `under_way` those that were in progress. `astray` had not ended when they were
    looked at, and may be in neither list. What ended before `since` is history."""

    since: float
    etag: str | None = None
    seen: tuple[str, ...] = ()
    unfinished: tuple[int, ...] = ()
    under_way_etag: str | None = None
    under_way: tuple[int, ...] = ()
    astray: tuple[int, ...] = ()

    @property
    def listed(self) -> set[int]:
        return {int(name.partition(":")[0]) for name in self.seen} | {*self.unfinished}


class OverlookedRuns:
    """Made for one page of the poll. An installation that lets us read no runs is asked once."""

    def __init__(self, runs: WatchedRuns, store: OverlookedStore, workers: tuple[WorkerSpec, ...]) -> None:
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
        before = _read(await self._store.mark(key))
        try:
            new, after = await (self._looked(repo, before) if before else self._first_look(repo))
        except NotPermitted:
            self._closed.add(repo.installation)
            return [], {}
        recent = [run for run in new if run.updated_at >= now - HISTORY_SECONDS]
        missed = [job for run in recent for job in await self._missing(repo, run, now)]
        return missed, {} if after == before else {key: json.dumps(asdict(after))}

    async def _forgotten(self, key: str) -> dict[str, str]:
        return {key: ""} if await self._store.mark(key) else {}

    async def _first_look(self, repo: Repo) -> tuple[list[Run], _Known]:
        runs, known = await self._lists(repo, _Known(0.0))
        return [], replace(known, since=_last_end(runs))

    async def _looked(self, repo: Repo, before: _Known) -> tuple[list[Run], _Known]:
        """The runs that ended since, and what is known now."""
        runs, after = await self._lists(repo, before)
        seen, here = {*before.seen}, after.listed | {*after.under_way}
        new = [run for run in runs if run.ended and _name(run) not in seen and run.updated_at >= before.since]
        unended = dict.fromkeys((*after.astray, *before.unfinished, *before.under_way))
        gone = [each for each in unended if each not in here]
        looked = [await self._runs.run(repo, each) for each in gone[:LOOKS]]
        # Those that it was not the turn of come first the next time.
        astray = (*gone[LOOKS:], *(run.id for run in looked if run and not run.ended))
        return [*new, *(run for run in looked if run and run.ended)], replace(after, astray=astray[:MOST_ASTRAY])

    async def _lists(self, repo: Repo, known: _Known) -> tuple[Sequence[Run], _Known]:
        """The newest runs, none where nothing changed, and what is known by both lists now."""
        if under_way := await self._runs.under_way(repo, known.under_way_etag):
            runs, etag = under_way
            known = replace(known, under_way=tuple(run.id for run in runs), under_way_etag=etag)
        newest = await self._runs.newest(repo, known.etag, max(known.listed, default=0))
        if newest is None:
            return (), known
        runs, etag = newest
        return runs, replace(
            known,
            etag=etag,
            seen=tuple(_name(run) for run in runs[:NEWEST] if run.ended),
            unfinished=tuple(run.id for run in runs[:NEWEST] if not run.ended),
            # What changes of those is not told.
            astray=(*known.astray, *(run.id for run in runs[NEWEST:] if not run.ended)),
        )

    async def _missing(self, repo: Repo, run: Run, now: float) -> list[Job]:
        jobs = [
            job_for(each, _as_if_ended(repo, run), now) for each in match(_as_if_ended(repo, run), self._workers)[0]
        ]
        return [job for job in jobs if not _covers(await self._store.latest_job(job.lane), run)]


def _watches(workers: Sequence[WorkerSpec]) -> bool:
    return any(trigger.event == "workflow_run" for worker in workers if worker.enabled for trigger in worker.triggers)


def _read(mark: str | None) -> _Known | None:
    """What the last look left. One of an earlier version remembered fewer things."""
    if not mark:
        return None
    told: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(mark).items()
    }
    return _Known(**told)


def _last_end(runs: Sequence[Run]) -> float:
    """When the first look was, by GitHub's clock. Where somebody deletes runs, older ones move up into the list: what
    ended before stays history."""
    return max((run.updated_at for run in runs if run.ended), default=0.0)


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
    name = f"{POLLED}{repo.id}:run:{_name(run)}"
    return Event(name, "workflow_run", "completed", repo, run.actor, sender_is_bot=False, run=about)
