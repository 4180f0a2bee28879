"""Follows a run that we started, by its exact id, to its conclusion. Run by the engine, woken by the webhook that tells
of its end, and by looks that grow rarer in case there is none.
"""

from dataclasses import replace
from typing import ClassVar

from forgehand.crafts.subjects import repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.jobs import Done, Failed, Outcome
from forgehand.ports.desk import Desk
from forgehand.ports.workflows import Run
from forgehand.workers.dispatch import followups, telling
from forgehand.workers.dispatch.reading import Sources, started_by_us
from forgehand.workers.dispatch.rules.facts import Options
from forgehand.workers.dispatch.worker import run_of


class FollowWorker:
    type: ClassVar[str] = followups.FOLLOW

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options

    async def run(self, desk: Desk) -> Outcome:
        repo, number = repo_of(desk.job), run_of(desk.job)
        if number is None:
            return Failed(f"a run is followed by its number, such as run/7, not by {desk.job.subject!r}")
        started = await started_by_us(self._sources, repo, number)
        if started is None:
            return Done({"skipped": "nothing is known of that run any more"})
        run = await self._sources.runs.run(repo, number)
        if run is None or not run.ended:
            later = followups.follow_later(desk.job, repo, number, desk.now())
            return Done({"run": number, "status": run.status if run else "gone"}, jobs=(later,) if later else ())
        return self._ended(desk, started, run)

    def _ended(self, desk: Desk, started: d.Started, run: Run) -> Done:
        job, now = desk.job, desk.now()
        state = replace(started.target, stand=d.Stand.ENDED, conclusion=run.conclusion, url=run.url, at=now)
        told = self._options.create_issues
        jobs = (followups.report(job, started.source_repo, started.source, now),) if told else ()
        desk.say("followed", run=run.id, conclusion=run.conclusion)
        return Done(
            {"run": run.id, "conclusion": run.conclusion, "url": run.url},
            jobs=jobs,
            facts=(telling.of_end(job, started, state, run.attempt, now),),
            documents={d.state_key(started.source, started.attempt, state.key): d.write_state(state)},
        )
