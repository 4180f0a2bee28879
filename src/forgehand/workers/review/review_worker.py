"""The review worker: has both sides of a pull request analysed, once for each head; posts what is new, and keeps what
was seen for the decision. Run by the engine.
"""

import asyncio
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol

from forgehand.crafts.analysis import look
from forgehand.crafts.findings import Said, fixed
from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain.effects.base import Effect
from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.effects.review import Review, ReviewEvent
from forgehand.domain.effects.thread import ResolveThread
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.followups import ANOTHER_BASE, look_again
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.modes import Mode, Power
from forgehand.domain.policy import ReviewPolicy
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.analysers import Analyser, ChangeAnalyser
from forgehand.ports.checks import Compared
from forgehand.ports.conversation import Conversation, SubmittedReview, Thread
from forgehand.ports.desk import Desk
from forgehand.ports.git import Comparisons, GitFailed
from forgehand.ports.github import ChangedFile, NotFound, PullRequest, PullRequests
from forgehand.ports.policies import Policies
from forgehand.ports.store import Documents
from forgehand.workers.review import documents
from forgehand.workers.review.analysis import not_compared, reviewed, shown_lines
from forgehand.workers.review.review_text import inline_comments, review_body, said_fingerprints
from forgehand.workers.review.rules.static import StaticReview, complete, judge_review, told, unsaid
from forgehand.workers.review.rules.verdicts import before, placed, stands


class Tips(Protocol):
    """The part of `ports.checks.Branches` that tells from where a change counts."""

    async def tip(self, repo: Repo, branch: str) -> str | None: ...

    async def compared(self, repo: Repo, base: str, head: str) -> Compared: ...


class ReviewWorker:
    """Reviews one pull request at its present head, once. Analysers named alike would be one to the reader, so names
    must differ."""

    type: ClassVar[str] = "review"

    def __init__(
        self,
        pulls: PullRequests,
        comparisons: Comparisons,
        analysers: Sequence[Analyser | ChangeAnalyser],
        conversation: Conversation,
        policies: Policies,
        kept: Documents,
        branches: Tips,
    ) -> None:
        if len({analyser.name for analyser in analysers}) != len(analysers):
            raise ValueError("two analysers have the same name")
        self._pulls = pulls
        self._comparisons = comparisons
        self._analysers = tuple(analysers)
        self._conversation = conversation
        self._policies = policies
        self._kept = kept
        self._branches = branches

    async def run(self, desk: Desk) -> Outcome:
        repo, number = repo_of(desk.job), number_of(desk.job)
        if number is None:
            return Failed(f"a review needs a pull request, not {desk.job.subject!r}")
        pull = await self._pulls.pull(repo, number)
        if desk.job.revision and desk.job.revision != pull.head_sha and desk.job.attempts == 1:
            # Either the push that woke us is not to be read everywhere yet, or a newer one will supersede this job.
            return Retry(f"GitHub shows {pull.head_sha[:7]}, not {desk.job.revision[:7]}", after=desk.lag)
        if pull.state != "open":
            return Done({"skipped": "closed", "head": pull.head_sha})
        if pull.draft:
            return Done({"skipped": "draft", "head": pull.head_sha})
        if _rebased(desk.job) and _judges(desk.job, pull) and desk.job.attempts == 1:
            # A job that this one superseded may have judged the head for the other base just now. This verdict follows
            # that one, so that one must be in GitHub's list by now.
            return Retry(f"the last verdict before {pull.base_ref} may not be listed yet", after=desk.lag)
        # What lands is what the head adds to its base as that is now, not as GitHub noted it at the last push.
        tip = await self._branches.tip(repo, pull.base_ref) or pull.base_sha
        merge_base = await self._merge_base(repo, pull, tip)
        if await self._known(desk.job, pull, merge_base):
            again = look_again(desk.job, number, desk.now(), because="reviewed before")
            return Done({"known": True, "head": pull.head_sha, "base": pull.base_ref}, jobs=(again,))
        return await self._review(desk, repo, pull, tip, merge_base)

    async def _merge_base(self, repo: Repo, pull: PullRequest, base: str) -> str:
        """By GitHub, as whoever decides asks for it: where there are several, git may take another. Empty where there
        is none, which the comparison then says."""
        try:
            return (await self._branches.compared(repo, base, pull.head_sha)).merge_base
        except NotFound:
            return ""

    async def _known(self, job: Job, pull: PullRequest, merge_base: str) -> bool:
        """Whether this change was looked at already, and wholly. Who asks by comment for another look gets one."""
        if job.payload.get("event") == "command":
            return False
        seen = await self._seen(job, pull)
        if seen is None or not seen.is_of(pull.base_ref, merge_base) or complete(seen).state is not State.SATISFIED:
            return False
        if not _judges(job, pull):
            return True
        first = _first(job, pull, ReviewEvent.APPROVE)
        return stands(first, pull.base_ref, await self._given(repo_of(job), pull))

    async def _seen(self, job: Job, pull: PullRequest) -> StaticReview | None:
        key = documents.review_key(job.repository_id, pull.number, pull.head_sha)
        return documents.read_review(await self._kept.document(key))

    async def _review(self, desk: Desk, repo: Repo, pull: PullRequest, tip: str, merge_base: str) -> Outcome:
        desk.say("reviewing", pull=pull.number, head=pull.head_sha)
        policy = (await self._policies.policy(repo, pull.base_ref)).policy.review
        listed = await self._pulls.files(repo, pull.number)
        try:
            alike = tip == pull.base_sha or await self._merge_base(repo, pull, pull.base_sha) == merge_base
            review = await self._look(desk, repo, pull, tip, listed, alike=alike)
        except GitFailed as failed:
            if failed.transient:
                return Retry(failed.why)
            # Said on the pull request as well: a check that never comes explains nothing.
            review = not_compared(pull, failed.why)
        review = replace(review, merge_base=merge_base)
        ruling = judge_review(review, policy)
        verdict, others = await self._verdict(desk.job, repo, pull, _event(desk.job, pull, ruling), merge_base)
        said = await self._said(repo, pull, others)
        new = unsaid(told(review, policy).findings, said, await asyncio.to_thread(_shown, review, listed))
        now = await self._pulls.pull(repo, pull.number)
        if (now.head_sha, now.state) != (pull.head_sha, "open"):
            # An older verdict must not cover a newer one. Where the newer head has a job of its own, that one has
            # superseded us.
            return Retry(f"it changed while it was read: {now.state} at {now.head_sha[:7]}", after=desk.lag)
        desk.say("judged", state=str(ruling.state), findings=len(review.findings))
        effects: list[Effect] = []
        if new or verdict.event is not ReviewEvent.COMMENT:
            effects.append(replace(verdict, body=review_body(new, pull.head_sha), comments=inline_comments(new)))
        effects += await self._resolved(desk.job, repo, review)
        return await _say(desk, effects) or _done(desk.job, pull, review, ruling, policy, len(new), desk.now())

    async def _verdict(
        self, job: Job, repo: Repo, pull: PullRequest, event: ReviewEvent, merge_base: str
    ) -> tuple[Review, frozenset[int]]:
        """The review, still without words, and the ids of those of ours that say something else about this head.
        Where it only comments there is one for each head."""
        first = _first(job, pull, event)
        if event is ReviewEvent.COMMENT:
            return first, frozenset()
        given = await self._given(repo, pull)
        seen = await self._seen(job, pull)
        # Of what an older version kept, the base branch alone is known.
        rebased = seen is not None and not seen.is_of(pull.base_ref, merge_base if seen.merge_base else "")
        verdict = placed(first, pull.base_ref, given, rebased=rebased)
        return verdict, before(verdict, given)

    async def _given(self, repo: Repo, pull: PullRequest) -> list[SubmittedReview]:
        """Our reviews of this head, oldest first."""
        reviews = await self._conversation.reviews(repo, pull.number)
        return [each for each in reviews if each.ours and each.commit == pull.head_sha]

    async def _look(
        self, desk: Desk, repo: Repo, pull: PullRequest, tip: str, listed: Sequence[ChangedFile], *, alike: bool
    ) -> StaticReview:
        """`alike`: GitHub lists the files of the very change that is compared, so that git must know each of them."""
        async with self._comparisons.compare(repo, pull.number, tip, pull.head_sha) as comparison:
            left_out = sum(bool(file.left_out) for file in comparison.files)
            desk.say("fetched", files=len(comparison.files), left_out=left_out)
            seen = await look(comparison, self._analysers)
            for one in seen:
                desk.say("analysed", analyser=one.name, files=len(one.head_paths), failed=one.failed)
            known = {file.path for file in comparison.files}
            listed = [file for file in listed if alike or file.path in known]
            return await asyncio.to_thread(reviewed, pull, comparison, listed, seen)

    async def _resolved(self, job: Job, repo: Repo, review: StaticReview) -> list[Effect]:
        """Our threads about what is fixed are resolved: where a branch wants its conversations resolved that opens the
        way to a merge, so it takes a job that may judge."""
        number = number_of(job)
        if number is None or review.not_compared or not job.grant.allows(Power.JUDGE):
            return []
        return [
            ResolveThread(
                repo=repo,
                subject=job.subject,
                worker=job.worker,
                purpose=f"resolve {thread.id}",
                number=number,
                thread=thread.id,
            )
            for thread in _fixed(await self._conversation.threads(repo, number), review)
        ]

    async def _said(self, repo: Repo, pull: PullRequest, others: Container[int]) -> list[str]:
        """What our comments on earlier commits carry, and in other reviews of this head. What we said on this very
        head else is this review itself, when a crash makes it run again."""
        return [
            fingerprint
            for comment in await self._pulls.review_comments(repo, pull.number)
            if comment.ours and (comment.original_commit != pull.head_sha or comment.review in others)
            for fingerprint in said_fingerprints(comment.body)
        ]


async def _say(desk: Desk, effects: Sequence[Effect]) -> Outcome | None:
    """What GitHub takes no review of, or leaves unresolved, was seen all the same: the decision is made of that."""
    for effect in effects:
        stop = (await desk.perform(effect)).stop
        if stop is not None and not isinstance(stop, Failed):
            return stop
    return None


def _shown(review: StaticReview, listed: Sequence[ChangedFile]) -> Mapping[str, Container[int]]:
    """What nobody could read carries no comment, whatever GitHub shows of it."""
    readable = {file.path for file in review.files if not file.left_out}
    return {path: lines for path, lines in shown_lines(listed).items() if path in readable}


def _fixed(threads: Sequence[Thread], review: StaticReview) -> list[Thread]:
    """Those of ours of which nothing is found any more. Where people answered it is their conversation, too: that one
    they close themselves."""
    unsure = {file.path for file in review.files if file.missed or file.partly or file.left_out}
    ours = [thread for thread in threads if thread.ours and not thread.resolved]
    said = {thread.id: [Said(each, thread.path) for each in said_fingerprints(thread.body)] for thread in ours}
    gone = Counter(fixed((one for each in said.values() for one in each), review.findings, unsure))
    resolved = []
    for thread in reversed(ours):
        carried = Counter(said[thread.id])
        if carried and carried <= gone:
            gone -= carried
            resolved.append(thread)
    return [thread for thread in resolved if not thread.answered]


def _judges(job: Job, pull: PullRequest) -> bool:
    """Nobody may approve a pull request of their own, or request changes of it."""
    return job.grant.mode is Mode.APPLY and not pull.ours


def _rebased(job: Job) -> bool:
    return bool(job.payload.get("rebased")) or job.payload.get("event") == ANOTHER_BASE


def _first(job: Job, pull: PullRequest, event: ReviewEvent) -> Review:
    """The first review of a head, still without words."""
    about: dict[str, Any] = {"repo": repo_of(job), "subject": job.subject, "worker": job.worker, "purpose": "review"}
    return Review(**about, sha=pull.head_sha, number=pull.number, event=event, body="")


def _event(job: Job, pull: PullRequest, ruling: Ruling) -> ReviewEvent:
    if not _judges(job, pull):
        return ReviewEvent.COMMENT
    return ReviewEvent.APPROVE if ruling.state is State.SATISFIED else ReviewEvent.REQUEST_CHANGES


def _done(
    job: Job, pull: PullRequest, review: StaticReview, ruling: Ruling, policy: ReviewPolicy, inline: int, now: float
) -> Done:
    telling = told(review, policy)
    verdict = "approved" if ruling.state is State.SATISFIED else "rejected"
    conclusion = Conclusion.SUCCESS if ruling.state is State.SATISFIED else ruling.costs
    # By the head, not by the job: however often a head is reviewed, it counts once.
    judged = Fact(
        id=fact_id("review.judged", job.repository_id, pull.number, pull.head_sha),
        kind="review.judged",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={"repository": job.repository, "number": pull.number, "head": pull.head_sha, "verdict": verdict},
    )
    return Done(
        result={
            "head": pull.head_sha,
            "base": pull.base_ref,
            "conclusion": str(conclusion),
            "why": ruling.reason,
            "findings": len(telling.findings) + telling.beyond,
            "secrets": telling.secrets,
            "major": telling.majors,
            "inline": inline,
            "files": len(review.files),
            "failures": [name for name, _ in review.failures],
        },
        jobs=(look_again(job, pull.number, now, because="reviewed"),),
        facts=(judged,),
        documents={documents.review_key(job.repository_id, pull.number, pull.head_sha): documents.write_review(review)},
    )
