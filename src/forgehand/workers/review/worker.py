"""The review worker: reads the facts of a pull request, has them judged, and says the verdict. Run by the engine."""

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from forgehand.crafts.diffs import MalformedPatch, Spans, read_patch
from forgehand.crafts.findings import new_findings
from forgehand.domain.effects.base import Effect
from forgehand.domain.effects.check_run import CheckRun, Conclusion
from forgehand.domain.effects.comment import StickyComment
from forgehand.domain.effects.review import Review, ReviewEvent
from forgehand.domain.findings import Finding
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.modes import Mode
from forgehand.domain.repositories import Repo
from forgehand.ports.analysers import Analyser, AnalyserFailed, Analysis
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
        analysers: Sequence[Analyser],
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
            findings=await asyncio.to_thread(_new, comparison, seen),
            # What we said on this very head is this review itself, when a crash makes it run again.
            said=tuple(
                fingerprint
                for comment in comments
                if comment.ours and comment.original_commit != pull.head_sha
                for fingerprint in text.said_fingerprints(comment.body)
            ),
            failures=tuple((one.name, one.failed) for one in seen if one.failed),
        )

    async def _analyse(self, desk: Desk, comparison: Comparison) -> Sequence["_Seen"]:
        """What each analyser saw, in their order."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_look(analyser, comparison)) for analyser in self._analysers]
        seen = [task.result() for task in tasks]
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """One analyser's look at both sides. `failed` says why it broke; nothing it saw counts then."""

    name: str
    head_paths: frozenset[str] = frozenset()
    base: Analysis = field(default_factory=Analysis)
    head: Analysis = field(default_factory=Analysis)
    failed: str = ""


class _EveryLine:
    """Binary files have no lines; whatever is found in a changed one is new."""

    def __contains__(self, line: object) -> bool:
        return True


def _repo(job: Job) -> Repo:
    return Repo(job.tenant, job.repository_id, job.repository)


def _number(subject: str) -> int | None:
    kind, _, number = subject.partition("/")
    return int(number) if kind == "pull" and number.isascii() and number.isdigit() else None


async def _look(analyser: Analyser, comparison: Comparison) -> _Seen:
    at_hand = [file for file in comparison.files if file.status != "removed" and not file.left_out]
    head = [f.path for f in at_hand if analyser.wants(f.path)]
    base = [p for f in at_hand if f.status != "added" and analyser.wants(p := f.previous_path or f.path)]
    try:
        on_head = await analyser.analyse(comparison.head, head) if head else Analysis()
        on_base = await analyser.analyse(comparison.base, base) if base and on_head.findings else Analysis()
    except AnalyserFailed as failed:
        return _Seen(analyser.name, frozenset(head), failed=failed.why)
    return _Seen(analyser.name, frozenset(head), on_base, on_head)


def _new(comparison: Comparison, seen: Sequence[_Seen]) -> tuple[Finding, ...]:
    whole = [one for one in seen if not one.failed]
    files = [file for file in comparison.files if not file.left_out]
    added: dict[str, Container[int]] = {file.path: _EveryLine() if file.binary else Spans(file.added) for file in files}
    return new_findings(
        (finding for one in whole for finding in one.base.findings),
        (finding for one in whole for finding in one.head.findings),
        renames={file.previous_path: file.path for file in files if file.previous_path},
        added=added,
    )


def _files(comparison: Comparison, listed: Sequence[ChangedFile], seen: Sequence[_Seen]) -> tuple[File, ...]:
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
                looked=tuple(one.name for one in mine if not _why_not(one, file.path)),
                missed=tuple((one.name, why) for one in mine if (why := _why_not(one, file.path))),
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


def _why_not(seen: _Seen, path: str) -> str:
    return seen.failed or seen.head.unread.get(path, "")


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
