"""The land worker: judges a pull request once more and merges it, or brings its branch up to date. Run by the engine
for jobs that `decide_worker` asks for; jobs that merge into one base branch run one at a time.

It says nothing on the pull request: once it has merged, or could not, the decision is looked at again.
"""

from dataclasses import replace
from typing import ClassVar

from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain.effects.update_branch import UpdateBranch
from forgehand.domain.followups import look_again
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.ports.desk import Desk
from forgehand.workers.review import documents
from forgehand.workers.review.followups import LAND
from forgehand.workers.review.landing import Merged, NotMerged, delete_branch, merge, merged_fact
from forgehand.workers.review.reading import Read, Sources, read
from forgehand.workers.review.rules.decision import Step, judge
from forgehand.workers.review.rules.facts import Attempt

MOST_TRIES = 4
"""How often a merge is tried that GitHub refuses for no reason that we see: right after another merge it does so."""
SECONDS = 3.0


class LandWorker:
    type: ClassVar[str] = LAND

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def run(self, desk: Desk) -> Outcome:
        job, number = desk.job, number_of(desk.job)
        if number is None:
            return Failed(f"only a pull request lands, not {job.subject!r}")
        known = await read(self._sources, repo_of(job), number)
        facts, pull = known.facts, known.facts.pull
        if pull.head_sha != job.revision:
            return _not_merged(desk, number, f"its head is {pull.head_sha[:7]} now, not {job.revision[:7]}")
        if pull.base_ref != job.payload["base"]:
            # Jobs that merge into one branch run one at a time; this one has the turn of another branch.
            return _not_merged(desk, number, f"it goes into {pull.base_ref} now, not {job.payload['base']}")
        if pull.merged:
            # By an attempt that died before it could tell, or by somebody else: the ledger knows.
            return await self._merge(desk, known)
        # That GitHub refused it before is why this job was asked for again, not why it should not try.
        decision = judge(replace(facts, attempt=None), known.loaded.policy)
        match decision.step:
            case Step.UPDATE:
                return await self._update(desk, known)
            case Step.LAND:
                return await self._merge(desk, known)
        return _not_merged(desk, number, decision.why_not)

    async def _merge(self, desk: Desk, known: Read) -> Outcome:
        pull, policy = known.facts.pull, known.loaded.policy.merge
        repo = repo_of(desk.job)
        if not pull.merged:
            base = await self._sources.branches.tip(repo, pull.base_ref)
            if base != known.facts.base_sha:
                return Retry(f"{pull.base_ref} moved while it was read")
        # The head holds all of its base, so that its own tree is what lands, and what its checks tested.
        expected = await self._sources.branches.tree(repo, pull.head_sha)
        result = await merge(desk, self._sources, pull, policy)
        match result:
            case Merged(others=True):
                return _not_merged(desk, pull.number, "somebody else merged it")
            case Merged():
                stopped = await delete_branch(desk, self._sources, known.facts, policy)
                return stopped or _merged(desk, known, result, expected)
            case NotMerged(why):
                return await self._refused(desk, known, why)
        return result

    async def _refused(self, desk: Desk, known: Read, why: str) -> Outcome:
        """GitHub said no. Where that may pass, it is tried again; else it is kept, so that nobody tries for ever."""
        before, repo = known.facts, repo_of(desk.job)
        pull = await self._sources.pulls.pull(repo, before.pull.number)
        base = await self._sources.branches.tip(repo, pull.base_ref)
        if pull.head_sha != before.pull.head_sha or pull.state != "open":
            return _not_merged(desk, pull.number, f"it changed in that moment: {why}")
        if pull.mergeable is not False and desk.job.attempts < MOST_TRIES:
            return Retry(why, after=SECONDS)
        attempt = Attempt(pull.head_sha, base or "", why=why)
        return _not_merged(desk, pull.number, why, attempt)

    async def _update(self, desk: Desk, known: Read) -> Outcome:
        pull, job = known.facts.pull, desk.job
        effect = UpdateBranch(
            repo=repo_of(job),
            subject=job.subject,
            worker=job.worker,
            # The base moves on, and each of its commits may need an update of its own.
            purpose=f"update to {known.facts.base_sha}",
            sha=pull.head_sha,
            number=pull.number,
        )
        landed = await desk.perform(effect)
        if isinstance(landed.stop, Failed):
            return _not_merged(
                desk, pull.number, landed.why, Attempt(pull.head_sha, known.facts.base_sha, why=landed.why)
            )
        # GitHub does it afterwards. The new head comes with an event of its own, or is found by the poll.
        return landed.stop or Done({"updated": True, "head": pull.head_sha})


def _merged(desk: Desk, known: Read, merged: Merged, expected: str) -> Done:
    job, pull = desk.job, known.facts.pull
    attempt = Attempt(pull.head_sha, known.facts.base_sha, merged=merged.commit)
    return Done(
        {"merged": True, "head": pull.head_sha, "commit": merged.commit, "as_tested": merged.tree == expected},
        jobs=(look_again(job, pull.number, desk.now(), because="merged"),),
        facts=(merged_fact(job, pull, merged, expected, desk.now()),),
        documents=_kept(job, pull.number, attempt),
    )


def _not_merged(desk: Desk, number: int, why: str, attempt: Attempt | None = None) -> Done:
    desk.say("not merged", pull=number, why=why)
    return Done(
        {"merged": False, "why": why},
        jobs=(look_again(desk.job, number, desk.now(), because="not merged"),),
        documents=_kept(desk.job, number, attempt) if attempt else {},
    )


def _kept(job: Job, number: int, attempt: Attempt) -> dict[str, str]:
    return {documents.attempt_key(job.repository_id, number): documents.write_attempt(attempt)}
