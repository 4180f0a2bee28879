"""The review worker: reads the facts of a pull request, has them judged, and says the verdict. Run by the engine."""

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from forgehand.crafts.analysis import Seen, added, look
from forgehand.crafts.diffs import MalformedPatch, Spans, read_patch
from forgehand.domain.effects.base import Effect
from forgehand.domain.effects.check_run import CheckRun, Conclusion
from forgehand.domain.effects.comment import StickyComment
from forgehand.domain.effects.review import Review, ReviewEvent
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.modes import Mode
from forgehand.domain.repositories import Repo
from forgehand.ports.analysers import Analyser, ChangeAnalyser
from forgehand.ports.desk import Desk
from forgehand.ports.git import Comparison, Comparisons, GitFailed
from forgehand.ports.github import ChangedFile, PullRequest, PullRequests
from forgehand.workers.review import text
from forgehand.workers.review.rules import Facts, File, Policy, Verdict, judge

CHECK_NAME = "Forgehand review"
STALE_SECONDS = 5.0
"""How long to wait for what GitHub's replicas do not show yet."""


class ReviewWorker:
    """Reviews one pull request at its present head, once.

    `details_url` gives the page of an effect by its slot: unlike the job's, it stays the same when the same review is
    made again, so that saying it again changes nothing. Analysers named alike would be one to the reader, so names
    must differ.
    """

    type: ClassVar[str] = "review"

    def __init__(
        self,
        pulls: PullRequests,
        comparisons: Comparisons,
        analysers: Sequence[Analyser | ChangeAnalyser],
        details_url: Callable[[str], str],
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> None:
        if len({analyser.name for analyser in analysers}) != len(analysers):
            raise ValueError("two analysers have the same name")
        self._pulls = pulls
        self._comparisons = comparisons
        self._analysers = tuple(analysers)
        self._details_url = details_url
        self._policy = policy

    async def run(self, desk: Desk) -> Outcome:
        repo, number = _repo(desk.job), _number(desk.job.subject)
        if number is None:
            return Failed(f"a review needs a pull request, not {desk.job.subject!r}")
        pull = await self._pulls.pull(repo, number)
        if desk.job.revision and desk.job.revision != pull.head_sha and desk.job.attempts == 1:
            # Either the push that woke us is not to be read everywhere yet, or a newer one will supersede this job.
            return Retry(f"GitHub shows {pull.head_sha[:7]}, not {desk.job.revision[:7]}", after=STALE_SECONDS)
        if pull.state != "open":
            return Done({"skipped": "closed", "head": pull.head_sha})
        if pull.draft:
            return Done({"skipped": "draft", "head": pull.head_sha})
        desk.say("reviewing", pull=number, head=pull.head_sha)
        outcome: Outcome | None = None
        try:
            facts = await self._facts(desk, repo, pull)
        except GitFailed as failed:
            if failed.transient:
                return Retry(failed.why)
            # Said on the pull request as well: a check that never comes explains nothing.
            outcome = Failed(failed.why)
            facts = Facts(pull.head_sha, pull.base_ref, pull.state, pull.draft, (), not_compared=failed.why)
        verdict = judge(facts, self._policy)
        now = await self._pulls.pull(repo, number)
        if (now.head_sha, now.state) != (pull.head_sha, "open"):
            # An older verdict must not cover a newer one. Where the newer head has a job of its own, that one has
            # superseded us.
            return Retry(f"it changed while it was read: {now.state} at {now.head_sha[:7]}", after=STALE_SECONDS)
        desk.say("judged", conclusion=str(verdict.conclusion), findings=len(verdict.findings))
        stopped = await desk.perform_all(self._effects(desk.job, repo, number, verdict))
        return stopped or outcome or Done(_result(verdict))

    async def _facts(self, desk: Desk, repo: Repo, pull: PullRequest) -> Facts:
        listed = await self._pulls.files(repo, pull.number)
        comments = await self._pulls.review_comments(repo, pull.number)
        async with self._comparisons.compare(repo, pull.number, pull.base_sha, pull.head_sha) as comparison:
            left_out = sum(bool(file.left_out) for file in comparison.files)
            desk.say("fetched", files=len(comparison.files), left_out=left_out)
            seen = await self._analyse(desk, comparison)
        return Facts(
            head_sha=pull.head_sha,
            base_ref=pull.base_ref,
            state=pull.state,
            draft=pull.draft,
            files=await asyncio.to_thread(_files, comparison, listed, seen),
            findings=await asyncio.to_thread(added, comparison, seen),
            # What we said on this very head is this review itself, when a crash makes it run again.
            said=tuple(
                fingerprint
                for comment in comments
                if comment.ours and comment.original_commit != pull.head_sha
                for fingerprint in text.said_fingerprints(comment.body)
            ),
            failures=tuple((one.name, one.failed) for one in seen if one.failed),
        )

    async def _analyse(self, desk: Desk, comparison: Comparison) -> Sequence[Seen]:
        seen = await look(comparison, self._analysers)
        for one in seen:
            desk.say("analysed", analyser=one.name, files=len(one.head_paths), failed=one.failed)
        return seen

    def _effects(self, job: Job, repo: Repo, number: int, verdict: Verdict) -> list[Effect]:
        check = self._check_run(job, repo, verdict)
        about: dict[str, Any] = {"repo": repo, "subject": job.subject, "worker": job.worker, "number": number}
        effects: list[Effect] = []
        event = _event(job, verdict)
        if verdict.inline or event is not ReviewEvent.COMMENT:
            effects.append(
                Review(
                    **about,
                    purpose="review",
                    sha=verdict.head_sha,
                    event=event,
                    body=text.review_body(verdict),
                    comments=text.inline_comments(verdict.inline),
                )
            )
        effects.append(StickyComment(**about, purpose="summary", body=text.summary(verdict, check.details_url)))
        effects.append(check)
        return effects

    def _check_run(self, job: Job, repo: Repo, verdict: Verdict) -> CheckRun:
        check = CheckRun(
            repo=repo,
            subject=job.subject,
            worker=job.worker,
            purpose="check",
            sha=verdict.head_sha,
            name=CHECK_NAME,
            conclusion=verdict.conclusion,
            title=text.check_title(verdict),
            summary=text.check_summary(verdict),
            annotations=text.annotations(verdict.findings),
        )
        return replace(check, details_url=self._details_url(check.slot))


def _repo(job: Job) -> Repo:
    return Repo(job.tenant, job.repository_id, job.repository)


def _number(subject: str) -> int | None:
    kind, _, number = subject.partition("/")
    return int(number) if kind == "pull" and number.isascii() and number.isdigit() else None


def _files(comparison: Comparison, listed: Sequence[ChangedFile], seen: Sequence[Seen]) -> tuple[File, ...]:
    """Every file that git or GitHub calls changed. GitHub's patch decides which lines can carry a comment: it is the
    one that will accept or refuse them."""
    patches = {file.path: file.patch for file in listed}
    files = []
    for file in comparison.files:
        mine = [one for one in seen if file.path in one.head_paths and not file.left_out]
        files.append(
            File(
                path=file.path,
                status=file.status,
                shown=_shown(patches.get(file.path)),
                looked=tuple(one.name for one in mine if not one.why_not(file.path)),
                missed=tuple((one.name, why) for one in mine if (why := one.why_not(file.path))),
                left_out=file.left_out,
                excused=file.excused,
                binary=file.binary,
            )
        )
    known = {file.path for file in comparison.files}
    files += [
        File(file.path, file.status, left_out="GitHub lists it, git's comparison does not")
        for file in listed
        if file.path not in known
    ]
    return tuple(files)


def _shown(patch: str | None) -> Container[int]:
    try:
        return read_patch(patch).shown
    except MalformedPatch:
        # A patch of GitHub's that we cannot read carries no inline comments; its findings stand in the summary.
        return Spans()


def _event(job: Job, verdict: Verdict) -> ReviewEvent:
    if job.grant.mode is not Mode.APPLY or verdict.conclusion is Conclusion.NEUTRAL:
        return ReviewEvent.COMMENT
    return ReviewEvent.APPROVE if verdict.conclusion is Conclusion.SUCCESS else ReviewEvent.REQUEST_CHANGES


def _result(verdict: Verdict) -> dict[str, object]:
    return {
        "head": verdict.head_sha,
        "conclusion": str(verdict.conclusion),
        "why": text.headline(verdict),
        "findings": len(verdict.findings) + verdict.beyond,
        "major": verdict.majors,
        "inline": len(verdict.inline),
        "files": len(verdict.manifest),
        "failures": [name for name, _ in verdict.failures],
    }
