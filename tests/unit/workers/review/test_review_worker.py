"""The review worker on a desk of paper: which facts it reads, which effects it asks for."""

import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from forgehand.crafts.diffs import Lines, read_patch
from forgehand.domain.effects import Conclusion, Effect, ResolveThread, Review, ReviewEvent
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.followups import DECIDE
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry, Waiting
from forgehand.domain.modes import Grant, Mode
from forgehand.domain.policy import RepositoryPolicy, ReviewPolicy
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.analysers import AnalyserFailed, Analysis
from forgehand.ports.conversation import IssueComment, SubmittedReview, Thread
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.git import Comparison, FileDiff, GitFailed
from forgehand.ports.github import ChangedFile, PullRequest, ReviewComment
from forgehand.ports.policies import Loaded
from forgehand.workers.review import ReviewWorker, documents
from forgehand.workers.review.rules.static import StaticReview, judge_review
from support.still import Still

pytestmark = pytest.mark.anyio

DEFAULT = RepositoryPolicy()
HEAD, BASE, OLDER = "a" * 40, "b" * 40, "c" * 40
PATCH = "@@ -1 +1,2 @@\n one\n+two\n"
ADDED = (range(2, 3),)
PULL = PullRequest(
    7, "Title", "open", False, False, "octocat", HEAD, "topic", "acme/shop", BASE, "main", None, "https://x/7"
)
JOB = Job("j1", "review", "review", 1, 42, "acme/shop", "pull/7", 0.0)
BUG = Finding("a.py", 2, "F821", Severity.MAJOR, "Undefined name `two`", "", "ruff", "two")


@dataclass
class Paper:
    """A desk that writes down what it is asked for."""

    job: Job = JOB
    stop: Outcome | None = None
    effects: list[Effect] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    lag: float = 5.0

    def now(self) -> float:
        return 0.0

    async def perform(self, effect: Effect) -> Landed:
        self.effects.append(effect)
        return Landed(Landing.DONE if self.stop is None else Landing.NOT_NOW, stop=self.stop)

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        raise NotImplementedError

    def say(self, message: str, **details: object) -> None:
        self.said.append(message)


@dataclass
class Pulls:
    reads: list[PullRequest] = field(default_factory=lambda: [PULL])
    listed: tuple[ChangedFile, ...] = (ChangedFile("a.py", "modified", None, 1, 0, PATCH),)
    comments: tuple[ReviewComment, ...] = ()

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        assert (repo, number) == (Repo(1, 42, "acme/shop"), 7)
        return self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        return self.listed

    async def review_comments(self, repo: Repo, number: int) -> Sequence[ReviewComment]:
        return self.comments


@dataclass
class Sides:
    files: tuple[FileDiff, ...] = (FileDiff("a.py", "modified", None, ADDED),)
    failure: GitFailed | None = None
    asked: list[tuple[int, str, str]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AsyncIterator[Comparison]:
        self.asked.append((number, base_sha, head_sha))
        if self.failure:
            raise self.failure
        yield Comparison(BASE, head_sha, Path("/base"), Path("/head"), self.files)


@dataclass
class Says:
    """An analyser with fixed answers."""

    name: str = "ruff"
    head: tuple[Finding, ...] = ()
    base: tuple[Finding, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)
    broken: str = ""
    looked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def wants(self, path: str, start: bytes = b"") -> bool:
        return self.name != "ruff" or path.endswith(".py")

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        self.looked.append((tree.name, tuple(paths)))
        if self.broken:
            raise AnalyserFailed(self.name, self.broken)
        return Analysis(self.head if tree.name == "head" else self.base, self.unread if tree.name == "head" else {})


@dataclass
class Around(Still):
    """Conversation, policy, documents and branches, in one."""

    threads_there: tuple[Thread, ...] = ()
    in_force: RepositoryPolicy = DEFAULT
    kept: dict[str, str] = field(default_factory=dict)
    given: list[SubmittedReview] = field(default_factory=list)

    async def threads(self, repo: Repo, number: int) -> Sequence[Thread]:
        return self.threads_there

    async def reviews(self, repo: Repo, number: int) -> Sequence[SubmittedReview]:
        return self.given

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        raise NotImplementedError

    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        return Loaded(self.in_force, "p" * 40)

    async def proposal(self, repo: Repo, base_ref: str, head_sha: str) -> Ruling:
        raise NotImplementedError

    async def document(self, key: str) -> str | None:
        return self.kept.get(key)


def _worker(
    *analysers: Says, pulls: Pulls | None = None, sides: Sides | None = None, around: Around | None = None
) -> ReviewWorker:
    around = around or Around()
    return ReviewWorker(pulls or Pulls(), sides or Sides(), analysers, around, around, around, around)


async def _run(
    desk: Paper,
    *analysers: Says,
    pulls: Pulls | None = None,
    sides: Sides | None = None,
    around: Around | None = None,
) -> tuple[Outcome, list[Effect]]:
    return await _worker(*analysers, pulls=pulls, sides=sides, around=around).run(desk), desk.effects


def _kept(outcome: Outcome) -> StaticReview:
    assert isinstance(outcome, Done)
    (text,) = outcome.documents.values()
    review = documents.read_review(text)
    assert review is not None
    return review


def _ruling(outcome: Outcome) -> Ruling:
    return judge_review(_kept(outcome), DEFAULT.review)


def _reviews(effects: list[Effect]) -> list[Review]:
    return [effect for effect in effects if isinstance(effect, Review)]


async def test_a_new_bug_becomes_one_review_and_a_document_for_the_decision() -> None:
    outcome, effects = await _run(Paper(), Says(head=(BUG,)))
    (review,) = effects
    assert isinstance(review, Review)
    assert (review.sha, review.event, review.number) == (HEAD, ReviewEvent.COMMENT, 7)
    assert [(c.path, c.line, c.side) for c in review.comments] == [("a.py", 2, "RIGHT")]
    assert isinstance(outcome, Done)
    assert list(outcome.documents) == [f"review:42:7:{HEAD}"]
    assert _kept(outcome).findings == (BUG,)
    assert [(job.type, job.subject) for job in outcome.jobs] == [(DECIDE, "pull/7")]
    assert outcome.result == {
        "head": HEAD,
        "base": "main",
        "conclusion": "failure",
        "why": "static review: 1 major finding.",
        "findings": 1,
        "secrets": 0,
        "major": 1,
        "inline": 1,
        "files": 1,
        "failures": [],
    }


async def test_a_head_counts_once_however_often_it_is_reviewed() -> None:
    outcomes = [(await _run(Paper(replace(JOB, id=name)), Says(head=(BUG,))))[0] for name in ("j1", "j2")]
    facts = [fact for outcome in outcomes if isinstance(outcome, Done) for fact in outcome.facts]
    assert [(fact.kind, fact.data["verdict"]) for fact in facts] == [("review.judged", "rejected")] * 2
    assert facts[0].id == facts[1].id


async def test_both_sides_are_compared() -> None:
    sides, ruff = Sides(), Says(head=(BUG,))
    await _run(Paper(), ruff, sides=sides)
    assert sides.asked == [(7, BASE, HEAD)]
    assert ruff.looked == [("head", ("a.py",)), ("base", ("a.py",))]


async def test_what_the_base_had_is_not_said() -> None:
    outcome, effects = await _run(Paper(), Says(head=(BUG,), base=(replace(BUG, line=1),)))
    assert (effects, _ruling(outcome).state) == ([], State.SATISFIED)


async def test_a_clean_pull_request_gets_no_review() -> None:
    outcome, effects = await _run(Paper(), Says())
    assert effects == []
    assert isinstance(outcome, Done)
    assert outcome.facts[0].data["verdict"] == "approved"


@pytest.mark.parametrize(
    ("pull", "why"), [(replace(PULL, state="closed"), "closed"), (replace(PULL, draft=True), "draft")]
)
async def test_closed_and_draft_pull_requests_are_left_alone(pull: PullRequest, why: str) -> None:
    sides = Sides()
    outcome, effects = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls([pull]), sides=sides)
    assert outcome == Done({"skipped": why, "head": HEAD})
    assert (effects, sides.asked) == ([], [])


async def _again(sides: Sides, pulls: Pulls | None = None, job: Job = JOB, *, first: Says | None = None) -> Outcome:
    """A review, and then another job at the same head."""
    outcome, _ = await _run(Paper(), first or Says(head=(BUG,)))
    assert isinstance(outcome, Done)
    around = Around(kept=dict(outcome.documents))
    return (await _run(Paper(job), Says(head=(BUG,)), pulls=pulls, sides=sides, around=around))[0]


async def test_a_head_that_was_reviewed_is_not_reviewed_again_but_decided_about() -> None:
    sides = Sides()
    outcome = await _again(sides)
    assert isinstance(outcome, Done)
    assert (outcome.result, sides.asked) == ({"known": True, "head": HEAD, "base": "main"}, [])
    assert [job.type for job in outcome.jobs] == [DECIDE]


async def test_it_is_reviewed_again_where_somebody_asks_or_its_base_is_another() -> None:
    sides = Sides()
    await _again(sides, job=replace(JOB, payload={"event": "command"}))
    await _again(sides, Pulls([replace(PULL, base_ref="dev")]))
    assert len(sides.asked) == 2


async def test_a_review_that_could_not_see_everything_is_made_again() -> None:
    sides = Sides()
    await _again(sides, first=Says(broken="it broke"))
    assert len(sides.asked) == 1


@pytest.mark.parametrize("now", [replace(PULL, head_sha=OLDER), replace(PULL, state="closed")])
async def test_a_head_that_moved_meanwhile_gets_nothing_written(now: PullRequest) -> None:
    outcome, effects = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls([PULL, now]))
    assert isinstance(outcome, Retry)
    assert outcome.why.startswith("it changed while it was read")
    assert effects == []


async def test_a_head_that_github_does_not_show_yet_is_waited_for_once() -> None:
    async def run(attempts: int) -> Outcome:
        desk = Paper(replace(JOB, revision=HEAD, attempts=attempts))
        older = Pulls([replace(PULL, head_sha=OLDER)])
        return await _worker(Says(), pulls=older).run(desk)

    assert await run(1) == Retry(f"GitHub shows {OLDER[:7]}, not {HEAD[:7]}", after=5.0)
    assert not isinstance(await run(2), Retry)


async def test_running_again_after_a_crash_gives_the_identical_review() -> None:
    _, first = await _run(Paper(), Says(head=(BUG,)))
    body = _reviews(first)[0].comments[0].body
    posted = ReviewComment(1, "a.py", 2, body, HEAD, ours=True)
    _, second = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls(comments=(posted,)))
    assert second == first
    assert [effect.digest for effect in second] == [effect.digest for effect in first]


async def test_what_was_said_on_an_earlier_commit_is_not_said_again() -> None:
    _, first = await _run(Paper(), Says(head=(BUG,)))
    body = _reviews(first)[0].comments[0].body
    posted = ReviewComment(1, "a.py", 2, body, OLDER, ours=True)
    outcome, second = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls(comments=(posted,)))
    assert _reviews(second) == []
    assert _ruling(outcome).costs is Conclusion.FAILURE


async def test_a_stranger_who_pastes_our_marker_silences_nothing() -> None:
    body = f"<!-- forgehand-finding:{BUG.fingerprint} -->"
    pasted = ReviewComment(1, "a.py", 2, body, OLDER, ours=False)
    _, effects = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls(comments=(pasted,)))
    assert len(_reviews(effects)) == 1


async def test_a_broken_analyser_leaves_the_others_work_and_the_review_does_not_pass() -> None:
    minor = replace(BUG, severity=Severity.MINOR, tool="rules")
    outcome, effects = await _run(Paper(), Says(broken="it took longer than 60 s"), Says("rules", head=(minor,)))
    ruling = _ruling(outcome)
    assert ruling.costs is Conclusion.ACTION_REQUIRED
    assert "took longer than 60 s" in ruling.reason
    assert len(_reviews(effects)[0].comments) == 1


async def test_a_file_the_analyser_could_not_read_asks_for_a_person() -> None:
    outcome, _ = await _run(Paper(), Says(unread={"a.py": "not UTF-8"}))
    assert _ruling(outcome).costs is Conclusion.ACTION_REQUIRED


async def test_githubs_patch_decides_where_a_comment_may_stand() -> None:
    elsewhere = ChangedFile("a.py", "modified", None, 1, 0, "@@ -8 +8,2 @@\n x\n+y\n")
    outcome, effects = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls(listed=(elsewhere,)))
    assert _reviews(effects) == []
    assert _kept(outcome).findings == (BUG,)


@pytest.mark.parametrize("patch", [None, "not a patch"])
async def test_without_a_readable_patch_findings_are_kept_alone(patch: str | None) -> None:
    listed = (ChangedFile("a.py", "modified", None, 1, 0, patch),)
    outcome, effects = await _run(Paper(), Says(head=(BUG,)), pulls=Pulls(listed=listed))
    assert _reviews(effects) == []
    assert _kept(outcome).findings == (BUG,)


async def test_left_out_and_removed_files_are_not_analysed_but_listed() -> None:
    files = (
        FileDiff("gone.py", "removed", None),
        FileDiff("link.py", "added", None, left_out="a symbolic link", excused=True),
        FileDiff("a.py", "renamed", "old.py", ADDED),
    )
    ruff = Says(head=(BUG,), base=(replace(BUG, path="old.py"),))
    listed = (ChangedFile("a.py", "renamed", "old.py", 3, 2, PATCH), ChangedFile("ghost.py", "added", None, 1, 0, None))
    outcome, effects = await _run(Paper(), ruff, pulls=Pulls(listed=listed), sides=Sides(files))
    assert ruff.looked == [("head", ("a.py",)), ("base", ("old.py",))]
    assert _reviews(effects) == []
    kept = {file.path: file for file in _kept(outcome).files}
    assert (kept["a.py"].previous_path, kept["a.py"].additions, kept["a.py"].deletions) == ("old.py", 3, 2)
    assert kept["link.py"].left_out == "a symbolic link"
    assert kept["ghost.py"].left_out == "GitHub lists it, git's comparison does not"
    assert kept["gone.py"].status == "removed"


async def test_a_finding_in_a_binary_file_counts_without_lines() -> None:
    secret = replace(BUG, path="k.jks", line=1, tool="secrets")
    sides = Sides((FileDiff("k.jks", "added", None, binary=True),))
    outcome, effects = await _run(Paper(), Says("secrets", head=(secret,)), sides=sides, pulls=Pulls(listed=()))
    assert _ruling(outcome).reason == "secrets: 1 secret."
    assert _reviews(effects) == []


APPLY = replace(JOB, grant=Grant(Mode.APPLY))


@pytest.mark.parametrize(
    ("analyser", "event"),
    [
        (Says(head=(BUG,)), ReviewEvent.REQUEST_CHANGES),
        (Says(head=(replace(BUG, severity=Severity.MINOR),)), ReviewEvent.APPROVE),
        (Says(), ReviewEvent.APPROVE),
    ],
)
async def test_where_it_may_judge_it_judges(analyser: Says, event: ReviewEvent) -> None:
    _, effects = await _run(Paper(APPLY), analyser)
    assert [review.event for review in _reviews(effects)] == [event]


@pytest.mark.parametrize("found", [(BUG,), ()])
async def test_of_a_pull_request_of_our_own_it_only_says_what_it_found(found: tuple[Finding, ...]) -> None:
    own = Pulls([replace(PULL, ours=True)])
    outcome, effects = await _run(Paper(APPLY), Says(head=found), pulls=own)
    assert [review.event for review in _reviews(effects)] == [ReviewEvent.COMMENT] * len(found)
    assert _kept(outcome).findings == found


async def test_what_policy_does_not_want_told_is_neither_said_nor_held_against_it() -> None:
    around = Around(in_force=RepositoryPolicy(review=ReviewPolicy(ignore=("a.py",))))
    outcome, effects = await _run(Paper(APPLY), Says(head=(BUG,)), around=around)
    assert [(review.event, review.comments) for review in _reviews(effects)] == [(ReviewEvent.APPROVE, ())]
    assert _kept(outcome).findings == (BUG,)


LARGE = FileDiff("z.py", "added", None, left_out="larger than 2,000,000 bytes")


@pytest.mark.parametrize(
    ("analyser", "sides"),
    [
        (Says(broken="it broke"), Sides()),
        (Says(unread={"a.py": "it crashed"}), Sides()),
        (Says(), Sides((*Sides().files, LARGE))),
        (Says(), Sides(failure=GitFailed("no common history", transient=False))),
    ],
)
async def test_an_incomplete_review_never_approves(analyser: Says, sides: Sides) -> None:
    outcome, effects = await _run(Paper(APPLY), analyser, sides=sides)
    assert [review.event for review in _reviews(effects)] == [ReviewEvent.REQUEST_CHANGES]
    assert _ruling(outcome).costs is Conclusion.ACTION_REQUIRED


@dataclass
class Stands:
    """A GitHub that keeps the reviews of a pull request, each slot once, and what the worker keeps of them."""

    pulls: Pulls = field(default_factory=Pulls)
    around: Around = field(default_factory=Around)

    async def review(self, *findings: Finding, base: str = "main", dies: bool = False, job: Job = APPLY) -> list[str]:
        """Somebody asks for a review, which `dies` between GitHub's answer and its end. The verdicts given so far."""
        self.pulls.reads = [replace(PULL, base_ref=base)]
        desk = Paper(replace(job, payload={"event": "command"}))
        outcome, effects = await _run(desk, Says(head=findings), pulls=self.pulls, around=self.around)
        for effect in _reviews(effects):
            self._submit(effect)
        if not dies:
            assert isinstance(outcome, Done)
            self.around.kept |= outcome.documents
        return [each.state for each in self.around.given]

    @property
    def said(self) -> list[str]:
        return [comment.body.split(" · ")[1] for comment in self.pulls.comments]

    def _submit(self, effect: Review) -> None:
        if any(each.slot == effect.slot for each in self.around.given):
            return
        states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
        name, state = len(self.around.given) + 1, states[effect.event]
        made = SubmittedReview("us", state, HEAD, 0.0, ours=True, id=name, slot=effect.slot)  # type: ignore[arg-type]
        self.around.given.append(made)
        self.pulls.comments += tuple(
            ReviewComment(1, each.path, each.line, each.body, HEAD, ours=True, review=name) for each in effect.comments
        )


WORSE = replace(BUG, rule="F822", title="Undefined name in `__all__`", text="three")


@pytest.mark.parametrize("dies", [False, True])
async def test_a_verdict_that_changes_at_one_head_is_given_anew_and_each_once(dies: bool) -> None:
    github = Stands()
    for findings, verdicts in (
        ((), ["APPROVED"]),
        ((BUG,), ["APPROVED", "CHANGES_REQUESTED"]),
        ((), ["APPROVED", "CHANGES_REQUESTED", "APPROVED"]),
    ):
        assert await github.review(*findings, dies=dies) == verdicts
        assert await github.review(*findings) == verdicts
        assert await github.review(*findings) == verdicts
    assert github.said == ["Undefined name `two`"]


@pytest.mark.parametrize("dies", [False, True])
async def test_for_another_base_it_is_given_anew_with_what_was_not_said_before(dies: bool) -> None:
    github = Stands()
    await github.review(BUG, base="dev")
    for _ in range(3):
        verdicts = await github.review(BUG, WORSE, base="main", dies=dies)
        assert verdicts == ["CHANGES_REQUESTED", "CHANGES_REQUESTED"]
    assert github.said == ["Undefined name `two`", "Undefined name in `__all__`"]
    github.pulls.reads = [replace(PULL, base_ref="dev")]
    _, back = await _run(Paper(APPLY), Says(head=(BUG,)), pulls=github.pulls, around=github.around)
    assert [each.purpose for each in _reviews(back)] == ["review 3: REQUEST_CHANGES into dev"]
    assert await github.review(BUG, WORSE, base="main") == verdicts


async def test_where_it_only_comments_there_is_one_review_of_a_head() -> None:
    github = Stands()
    for base, findings in (("dev", (BUG,)), ("main", (BUG, WORSE)), ("main", ())):
        assert await github.review(*findings, base=base, job=JOB) == ["COMMENTED"]
    assert github.said == ["Undefined name `two`"]


async def test_what_somebody_dismissed_is_not_said_again_but_an_approval_is() -> None:
    github = Stands()
    await github.review(BUG)
    github.around.given[0] = replace(github.around.given[0], state="DISMISSED")
    assert await github.review(BUG) == ["DISMISSED"]
    assert await github.review() == ["DISMISSED", "APPROVED"]


def _thread(name: str, *findings: Finding, ours: bool = True, resolved: bool = False, answered: bool = False) -> Thread:
    body = "".join(f"<!-- forgehand-finding:{finding.fingerprint} -->" for finding in findings)
    return Thread(name, resolved, findings[0].path, body, ours, answered)


FIXED = replace(BUG, text="gone")


@pytest.mark.parametrize(
    ("thread", "resolved"),
    [
        (_thread("t", FIXED), ["t"]),
        (_thread("t", BUG), []),
        (_thread("t", FIXED, BUG), []),
        (_thread("t", FIXED, ours=False), []),
        (_thread("t", FIXED, resolved=True), []),
        (_thread("t", FIXED, answered=True), []),
        (_thread("t", replace(FIXED, path="left.py")), ["t"]),
    ],
)
async def test_threads_about_what_is_fixed_are_resolved_where_nobody_answered(
    thread: Thread, resolved: list[str]
) -> None:
    _, effects = await _run(Paper(APPLY), Says(head=(BUG,)), around=Around((thread,)))
    assert [effect.thread for effect in effects if isinstance(effect, ResolveThread)] == resolved


@pytest.mark.parametrize("answered", [False, True])
async def test_of_two_threads_alike_and_one_finding_left_the_later_is_resolved(answered: bool) -> None:
    threads = (_thread("first", BUG, answered=answered), _thread("second", BUG))
    _, effects = await _run(Paper(APPLY), Says(head=(BUG,)), around=Around(threads))
    assert [effect.thread for effect in effects if isinstance(effect, ResolveThread)] == ["second"]


@pytest.mark.parametrize("job", [JOB, APPLY])
async def test_silence_resolves_nothing_where_it_means_nothing_or_we_may_not(job: Job) -> None:
    analyser = Says() if job is JOB else Says(broken="it broke")
    _, effects = await _run(Paper(job), analyser, around=Around((_thread("t", FIXED),)))
    assert not any(isinstance(effect, ResolveThread) for effect in effects)


async def test_of_two_files_that_look_alike_the_one_at_hand_is_analysed() -> None:
    odd = FileDiff("a.py", "added", None, left_out="its name is not UTF-8")
    ruff = Says(head=(BUG,))
    outcome, effects = await _run(Paper(), ruff, sides=Sides((odd, *Sides().files)))
    assert ruff.looked == [("head", ("a.py",)), ("base", ("a.py",))]
    assert len(_reviews(effects)) == 1
    assert _ruling(outcome).costs is Conclusion.FAILURE


async def test_git_that_fails_for_now_is_tried_again() -> None:
    sides = Sides(failure=GitFailed("git fetch failed", transient=True))
    assert await _run(Paper(), Says(), sides=sides) == (Retry("git fetch failed"), [])


async def test_git_that_fails_for_good_is_kept_for_the_decision_to_say() -> None:
    sides = Sides(failure=GitFailed("git diff-tree printed more than we keep", transient=False))
    outcome, effects = await _run(Paper(), Says(), sides=sides)
    assert effects == []
    assert _kept(outcome).not_compared == "git diff-tree printed more than we keep"
    assert isinstance(outcome, Done)
    assert [job.type for job in outcome.jobs] == [DECIDE]


async def test_patches_are_read_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def read(patch: str | None) -> Lines:
        threads.append(threading.current_thread())
        return read_patch(patch)

    monkeypatch.setattr("forgehand.workers.review.analysis.read_patch", read)
    await _run(Paper(), Says(head=(BUG,)))
    assert threads
    assert threading.current_thread() not in threads


async def test_an_effect_that_cannot_go_on_ends_the_job_its_way() -> None:
    paused = Waiting("resume", "paused")
    outcome, _ = await _run(Paper(stop=paused), Says(head=(BUG,)))
    assert outcome == paused


async def test_what_was_seen_is_kept_where_github_takes_no_review_for_good() -> None:
    refused = Failed("GitHub refused POST /repos/acme/shop/pulls/7/reviews with 422")
    outcome, effects = await _run(Paper(APPLY, stop=refused), Says(head=(BUG,)), around=Around((_thread("t", FIXED),)))
    assert [type(effect) for effect in effects] == [Review, ResolveThread]
    assert _kept(outcome).findings == (BUG,)
    assert isinstance(outcome, Done)
    assert [job.type for job in outcome.jobs] == [DECIDE]


@pytest.mark.parametrize("subject", ["issue/7", "pull/", "pull/x", "pull/-1", "pull/٧"])
async def test_a_job_about_something_else_fails_with_its_name(subject: str) -> None:
    outcome, effects = await _run(Paper(replace(JOB, subject=subject)), Says())
    assert isinstance(outcome, Failed)
    assert repr(subject) in outcome.why
    assert effects == []


def test_two_analysers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        _worker(Says(), Says())
