"""The testing worker: runs the tests of one commit in the sandbox and says the verdict. Run by the engine."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from forgehand.crafts.archives import read_texts
from forgehand.crafts.diffs import MalformedPatch, Spans, read_patch
from forgehand.crafts.suite_choice import choose
from forgehand.crafts.suite_commands import READ, Tree, configured, detect
from forgehand.crafts.suite_runs import SuiteRequest, run_suite
from forgehand.crafts.suites import Command, changed_lines
from forgehand.domain import tested
from forgehand.domain.effects.check_run import CheckRun, Conclusion
from forgehand.domain.effects.ref import SCRATCH
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.followups import look_again
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.policy import TestPolicy
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import State
from forgehand.domain.tested import Tested
from forgehand.ports.desk import Desk
from forgehand.ports.git import Checkout, Checkouts, GitFailed
from forgehand.ports.github import ChangedFile, PullRequests
from forgehand.ports.policies import Policies
from forgehand.ports.sandbox import Sandbox, SandboxFailed
from forgehand.ports.store import Documents
from forgehand.workers.testing import text
from forgehand.workers.testing.rules import Facts, Verdict, judge, may_run, unfinished

CHECK_NAME = "Forgehand tests"


class Marks(Protocol):
    """The part of the store that remembers a base's coverage."""

    async def mark(self, key: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Target:
    """The commit to test. `pull` is None for a bare one; `base` is the branch whose policy and coverage count;
    `is_base` says that it is that branch's own commit, whose coverage others are compared with; `files` is how many
    the pull request changes."""

    sha: str
    base: str
    stranger: bool
    pull: int | None = None
    is_base: bool = False
    files: int = 0


class TestingWorker:
    """Tests one pull request at its present head, or one commit (see `_bare`).

    `details_url` gives the page of an effect by its slot.
    """

    type: ClassVar[str] = "testing"

    def __init__(
        self,
        pulls: PullRequests,
        checkouts: Checkouts,
        sandbox: Sandbox,
        policies: Policies,
        marks: Marks,
        kept: Documents,
        details_url: Callable[[str], str],
    ) -> None:
        self._pulls = pulls
        self._checkouts = checkouts
        self._sandbox = sandbox
        self._policies = policies
        self._marks = marks
        self._kept = kept
        self._details_url = details_url

    async def run(self, desk: Desk) -> Outcome:
        repo = _repo(desk.job)
        target = await self._target(desk, repo)
        if not isinstance(target, _Target):
            return target
        if failed := desk.job.payload.get("failed"):
            if desk.job.revision != target.sha:
                return Done({"skipped": "it changed meanwhile", "head": target.sha})
            return await self._say(desk, repo, target, unfinished(target.sha, str(failed)))
        loaded = await self._policies.policy(repo, target.base)
        policy = loaded.policy.tests
        if not policy.enabled:
            seen = {"head": target.sha, "base": target.base, "policy": loaded.digest}
            remedy = "set tests.enabled to true in .forgehand/config.yml on the default branch"
            return Done({"skipped": f"tests are switched off for {target.base}", "remedy": remedy, **seen})
        if await self._known(desk.job, target):
            again = look_again(desk.job, target.pull or 0, desk.now(), because="tested before")
            return Done({"known": True, "head": target.sha, "base": target.base}, jobs=(again,))
        desk.say("testing", head=target.sha, stranger=target.stranger)
        try:
            facts = await self._facts(repo, target, policy)
        except GitFailed as failed:
            if failed.transient:
                return Retry(failed.why)
            facts = Facts(target.sha, await self._sandbox.strength(), target.stranger, not_fetched=failed.why)
        return await self._say(desk, repo, target, judge(facts, policy))

    async def _known(self, job: Job, target: _Target) -> bool:
        """Whether a pull request that got another base got back the one for which it was tested."""
        if target.pull is None or job.payload.get("action") != "edited":
            return False
        key = tested.key(job.repository_id, job.subject, target.sha)
        before = tested.from_json(await self._kept.document(key))
        return before is not None and before.base == target.base

    async def _say(self, desk: Desk, repo: Repo, target: _Target, verdict: Verdict) -> Outcome:
        if target.pull is not None:
            now = await self._pulls.pull(repo, target.pull)
            if (now.head_sha, now.base_ref, now.state) != (target.sha, target.base, "open"):
                seen = f"{now.state} at {now.head_sha[:7]}, into {now.base_ref}"
                return Retry(f"it changed while it was tested: {seen}", after=desk.lag)
        desk.say("judged", conclusion=str(verdict.conclusion), failures=len(verdict.failures))
        stopped = await desk.perform_all([self._check_run(desk.job, repo, verdict)])
        known = await self._marks.mark(_base_mark(repo.id, target.base)) is not None
        return stopped or _done(desk, target, verdict, known=known)

    async def _target(self, desk: Desk, repo: Repo) -> _Target | Outcome:
        job = desk.job
        kind, _, name = job.subject.partition("/")
        if bare := _bare(job, kind, name):
            return bare
        if kind == "branch" and name:
            return await self._pushed(job, repo, name)
        if kind != "pull" or not (name.isascii() and name.isdigit()):
            return Failed(f"a test run needs a pull request, or a ref with a sha, not {job.subject!r}")
        pull = await self._pulls.pull(repo, int(name))
        if job.revision and job.revision != pull.head_sha and job.attempts == 1:
            return Retry(f"GitHub shows {pull.head_sha[:7]}, not {job.revision[:7]}", after=desk.lag)
        if pull.state != "open":
            return Done({"skipped": "closed", "head": pull.head_sha})
        # Only who may write can push to a branch of the repository itself.
        stranger = pull.head_repository != repo.full_name
        return _Target(pull.head_sha, pull.base_ref, stranger, pull.number, files=pull.changed_files)

    async def _pushed(self, job: Job, repo: Repo, branch: str) -> _Target | Outcome:
        """The new tip of a base branch, where its coverage is to be known, which pull requests into it are compared
        with. Whoever pushed or merged it may write, so that it is no stranger's code."""
        sha = str(job.payload.get("after") or "")
        known = None if branch.startswith(SCRATCH) else await self._marks.mark(_base_mark(repo.id, branch))
        if known is None or not sha:
            return Done({"skipped": "no pull request into it was tested yet", "head": sha})
        policy = (await self._policies.policy(repo, branch)).policy.tests
        if not _measured(policy, reports=known == _COVERAGE):
            return Done({"skipped": "its coverage is not asked for", "head": sha})
        return _Target(sha, branch, stranger=False, is_base=True)

    async def _facts(self, repo: Repo, target: _Target, policy: TestPolicy) -> Facts:
        facts = Facts(target.sha, await self._sandbox.strength(), target.stranger)
        async with self._checkouts.checkout(repo, target.sha) as checkout:
            commands = await asyncio.to_thread(_commands, checkout, policy)
            facts = replace(facts, command=next(iter(commands), None), left_out=checkout.left_out)
            if not commands or may_run(facts.strength, stranger=facts.stranger).state is State.VIOLATED:
                return facts
            try:
                if not _strict(policy):
                    choice = await choose(self._sandbox, commands)
                    facts = replace(facts, command=choice.command, absent=choice.absent)
                if facts.command is None:
                    return facts
                run = await run_suite(self._sandbox, _request(checkout, facts.command, policy))
            except SandboxFailed as failed:
                return replace(facts, not_run=failed.why)
        return await self._with_coverage(replace(facts, run=run), repo, target)

    async def _with_coverage(self, facts: Facts, repo: Repo, target: _Target) -> Facts:
        run = facts.run
        coverage = run.decisive.coverage if run and run.attempts else None
        if coverage is None or target.pull is None:
            return facts
        listed = await self._pulls.files(repo, target.pull)
        added = await asyncio.to_thread(lambda: {file.path: _added(file) for file in listed})
        changed = replace(changed_lines(coverage, added), unlisted=max(0, target.files - len(listed)))
        before = await self._marks.mark(_coverage_mark(repo.id, target.base))
        return replace(facts, changed=changed, before=_percent(before))

    def _check_run(self, job: Job, repo: Repo, verdict: Verdict) -> CheckRun:
        check = CheckRun(
            repo=repo,
            subject=job.subject,
            worker=job.worker,
            purpose="check",
            sha=verdict.facts.sha,
            name=CHECK_NAME,
            conclusion=verdict.conclusion,
            title=text.title(verdict),
            summary=text.summary(verdict),
            annotations=text.annotations(verdict),
        )
        return replace(check, details_url=self._details_url(check.slot))


def _bare(job: Job, kind: str, name: str) -> _Target | None:
    """A commit that is no pull request's head: `commit/SHA` with the base where it is to land, or `ref/BRANCH` with a
    sha. It counts as a stranger's unless the job vouches for it: a merge queue's commit holds what a fork proposes."""
    trusted = job.payload.get("trusted") is True
    if kind == "commit":
        return _Target(name, str(job.payload.get("base", "")), stranger=not trusted)
    sha = job.payload.get("sha")
    if kind != "ref" or not name or not isinstance(sha, str):
        return None
    return _Target(sha, name, stranger=not trusted, is_base=not name.startswith(SCRATCH))


def _strict(policy: TestPolicy) -> bool:
    """Whether somebody said how to test: then what is missing is a mistake, which must not pass for nothing to run."""
    return bool(policy.command or policy.setup)


def _commands(checkout: Checkout, policy: TestPolicy) -> tuple[Command, ...]:
    """What may be run, the first before the others; none where no command is known."""
    if policy.command:
        return (configured(policy.command),)
    return detect(Tree(checkout.paths, read_texts(checkout.archive, READ)))


def _request(checkout: Checkout, command: Command, policy: TestPolicy) -> SuiteRequest:
    return SuiteRequest(
        checkout.archive,
        checkout.paths,
        command,
        setup=policy.setup,
        seconds=policy.timeout_minutes * 60.0,
        memory=policy.memory_mb * 1024**2,
        network=policy.network,
        junit=policy.junit,
        coverage=policy.coverage,
        reruns=policy.flaky_reruns,
    )


def _added(file: ChangedFile) -> Spans | None:
    """None where lines are added and GitHub does not show them, which is how it treats a very large file."""
    try:
        return read_patch(file.patch).added if file.patch or not file.additions else None
    except MalformedPatch:
        return None


def _done(desk: Desk, target: _Target, verdict: Verdict, *, known: bool) -> Done:
    job, now = desk.job, desk.now()
    last = verdict.last
    percent = last.coverage.percent if last and last.coverage else None
    marks: Mapping[str, str] = {}
    if target.is_base and percent is not None:
        marks = {_coverage_mark(job.repository_id, target.base): json.dumps({"sha": target.sha, "percent": percent})}
    elif target.pull is not None and (percent is not None or not known):
        marks = {_base_mark(job.repository_id, target.base): _TESTS if percent is None else _COVERAGE}
    follow = () if target.pull is None else (look_again(job, target.pull, now, because="tests"),)
    return Done(
        {**text.result(verdict), "base": target.base},
        jobs=follow,
        facts=tuple(_told(desk, target, verdict)),
        marks=marks,
        documents=_kept(job, target, verdict),
    )


def _kept(job: Job, target: _Target, verdict: Verdict) -> dict[str, str]:
    """What a decision counts: of a pull request's head, and of a combination that is to land in a base."""
    if target.pull is None and not job.subject.startswith("commit/"):
        return {}
    said = Tested(target.base, str(verdict.conclusion), text.title(verdict))
    return {tested.key(job.repository_id, job.subject, target.sha): tested.to_json(said)}


def _told(desk: Desk, target: _Target, verdict: Verdict) -> list[Fact]:
    job, now = desk.job, desk.now()
    last = verdict.last
    counts = {"failures": len(verdict.failures), "flaky": len(verdict.flaky), "tests": len(last.cases) if last else 0}
    about = {"head": target.sha, "conclusion": str(verdict.conclusion), **counts, "subject": job.subject}
    judged = _judged(desk, target, verdict, now)
    ran = _fact(desk, fact_id("tests", job.id, job.fence, near=job.id), "tests.ran", about, now)
    flaky = [
        _fact(
            desk,
            # One test on one commit counts once, however often it is run.
            fact_id("flaky", job.repository_id, case.name, target.sha, near=job.id),
            "test.flaky",
            {"test": case.name, "head": target.sha, "subject": job.subject},
            now,
        )
        for case in verdict.flaky[:50]
    ]
    return [ran, *judged, *flaky]


def _judged(desk: Desk, target: _Target, verdict: Verdict, now: float) -> list[Fact]:
    """By the head, not by the job: however often a head is tested, it counts once."""
    words = {Conclusion.SUCCESS: "passed", Conclusion.FAILURE: "failed"}
    if target.pull is None or verdict.conclusion not in words:
        return []
    job, word = desk.job, words[verdict.conclusion]
    about = {"repository": job.repository, "number": target.pull, "head": target.sha, "verdict": word}
    name = fact_id("tests.judged", job.repository_id, target.pull, target.sha)
    return [_fact(desk, name, "tests.judged", about, now)]


def _fact(desk: Desk, name: str, kind: str, data: Mapping[str, object], now: float) -> Fact:
    job = desk.job
    return Fact(
        id=name, kind=kind, at=now, delivery=job.delivery, job=job.id, repository_id=job.repository_id, data=data
    )


_TESTS, _COVERAGE = "tests", "coverage"
"""What pull requests into a base branch gave so far."""


def _measured(policy: TestPolicy, *, reports: bool) -> bool:
    """Whether a push to a base branch is tested. Where nobody says, it is where tests are configured and gave
    coverage: it costs a run for each push."""
    if policy.measure_base is not None:
        return policy.measure_base
    return reports and bool(policy.command or policy.coverage)


def _base_mark(repository: int, branch: str) -> str:
    return f"base:{repository}:{branch}"


def _coverage_mark(repository: int, branch: str) -> str:
    return f"coverage:{repository}:{branch}"


def _percent(mark: str | None) -> float | None:
    return float(json.loads(mark)["percent"]) if mark else None


def _repo(job: Job) -> Repo:
    return Repo(job.tenant, job.repository_id, job.repository)
