"""Tells a pull request that changes `dispatching.yml` what would be dispatched from then on, or no longer, on either
side: as a check run. Run by the engine, asked for by the decision about such a pull request; it starts nothing.
"""

from collections.abc import Sequence
from typing import ClassVar

from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain.effects import CheckRun, Conclusion
from forgehand.domain.followups import DISPATCHING, PROPOSAL
from forgehand.domain.jobs import Done, Failed, Outcome, Retry
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State, to_json
from forgehand.ports.desk import Desk
from forgehand.ports.github import PullRequest, PullRequests
from forgehand.workers.dispatch import proposal_text as text
from forgehand.workers.dispatch.config import Dispatching
from forgehand.workers.dispatch.reading import Sources, config_at, config_of, targets_of
from forgehand.workers.dispatch.rules.changes import named, would_change
from forgehand.workers.dispatch.rules.facts import Installed, Options, Target, Unreadable
from forgehand.workers.dispatch.rules.flows import Here, Other
from forgehand.workers.dispatch.rules.target import Asked

CHECK_NAME = "Forgehand dispatching"
MOST_LOOKED_AT = 25
"""Other repositories of one file that are looked at."""


class ProposalWorker:
    type: ClassVar[str] = PROPOSAL

    def __init__(self, sources: Sources, pulls: PullRequests, options: Options, *, on: bool = True) -> None:
        """`on`: whether anything is dispatched here at all."""
        self._sources = sources
        self._pulls = pulls
        self._options = options
        self._on = on

    async def run(self, desk: Desk) -> Outcome:
        job, repo, number = desk.job, repo_of(desk.job), number_of(desk.job)
        if number is None:
            return Failed(f"a proposal is a pull request, such as pull/7, not {job.subject!r}")
        if not self._on:
            return Done({"skipped": "dispatching is switched off"})
        pull = await self._pulls.pull(repo, number)
        if job.revision and job.revision != pull.head_sha and job.attempts == 1:
            return Retry(f"GitHub shows {pull.head_sha[:7]}, not {job.revision[:7]}", after=desk.lag)
        if why := await self._no_business(repo, pull):
            return Done({"skipped": why, "head": pull.head_sha})
        ruling = await self._ruling(repo, pull)
        desk.say("judged", head=pull.head_sha, usable=ruling.state is State.SATISFIED, changes=len(ruling.parts))
        check = CheckRun(
            repo=repo,
            subject=job.subject,
            worker=job.worker,
            purpose="proposal",
            sha=pull.head_sha,
            name=CHECK_NAME,
            conclusion=Conclusion.FAILURE if ruling.state is State.VIOLATED else Conclusion.SUCCESS,
            title=text.title(ruling),
            summary=text.summary(ruling),
        )
        return await desk.perform_all([check]) or Done({"head": pull.head_sha, "ruling": to_json(ruling)})

    async def _no_business(self, repo: Repo, pull: PullRequest) -> str:
        if pull.state != "open":
            return "closed"
        if pull.base_ref != await self._sources.branches.default_branch(repo):
            return f"it goes into {pull.base_ref}, and only the default branch's file counts"
        files = await self._pulls.files(repo, pull.number)
        touched = {name for each in files for name in (each.path, each.previous_path)}
        return "" if touched.intersection(DISPATCHING) else "it does not change dispatching.yml"

    async def _ruling(self, repo: Repo, pull: PullRequest) -> Ruling:
        here = Here(repo, pull.base_ref)
        before = await config_of(self._sources, repo)
        after = await config_at(self._sources, repo, pull.head_sha)
        names = named(here, before, after)
        # What others' files say is for those who may write here, and not for whoever opens a pull request.
        stranger = pull.head_repository != repo.full_name
        others = _unseen(names) if stranger else await self._others(names)
        return would_change(here, before, after, others, self._options)

    async def _others(self, names: Sequence[str]) -> dict[str, Other]:
        asked = [Asked(name.casefold(), name, "", "") for name in names[:MOST_LOOKED_AT]]
        found = await targets_of(self._sources, asked)
        return {name: Other(target, await self._default_branch(target)) for name, target in found.items()}

    async def _default_branch(self, target: Target) -> str:
        at = target.installed
        if not (isinstance(at, Installed) and isinstance(target.config, Dispatching)):
            return ""
        return await self._sources.branches.default_branch(at.repo)


def _unseen(names: Sequence[str]) -> dict[str, Other]:
    unseen = Unreadable("For a pull request of a fork, other repositories are not looked at.")
    return {name.casefold(): Other(Target(unseen, unseen)) for name in names}
