"""The testing worker on a scripted GitHub, git and sandbox: targets, facts, marks and what follows."""

import io
import json
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from forgehand.domain import followups, tested
from forgehand.domain.effects.base import Effect
from forgehand.domain.effects.check_run import CheckRun, Conclusion
from forgehand.domain.jobs import Done, Failed, Job, JobState, Outcome, Retry
from forgehand.domain.policy import RepositoryPolicy, values
from forgehand.domain.repositories import Repo
from forgehand.domain.tested import Tested
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.git import Checkout, GitFailed
from forgehand.ports.github import ChangedFile, PullRequest
from forgehand.ports.policies import Loaded
from forgehand.ports.sandbox import Ran, Strength, Task, Tier
from forgehand.workers.testing import TestingWorker

pytestmark = pytest.mark.anyio

SHA = "a" * 40
PULL = PullRequest(
    7, "t", "open", False, False, "dev", SHA, "x", "acme/shop", "b" * 40, "main", None, "https://github.com"
)
JOB = Job("j" * 32, "testing", "testing", 1, 42, "acme/shop", "pull/7", 0.0, revision=SHA, attempts=1, fence=1)
GREEN = b"<s><testcase name='a'/></s>"
RED = b"<s><testcase name='a'><failure/></testcase></s>"
COVERED = json.dumps({"files": {"a.py": {"executed_lines": [1], "missing_lines": [2]}}}).encode()


@dataclass
class World:
    """Everything that the worker can ask, and what it did."""

    folder: Path
    pulls: list[PullRequest] = field(default_factory=lambda: [PULL])
    paths: tuple[str, ...] = ("a.py", "test_a.py")
    left_out: dict[str, str] = field(default_factory=dict)
    ran: list[Ran] = field(default_factory=lambda: [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN})])
    tier: Tier = Tier.BWRAP
    policy_: values.TestPolicy = field(default_factory=values.TestPolicy)
    fails: GitFailed | None = None
    known: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    job: Job = JOB
    effects: list[Effect] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    looks: list[Task] = field(default_factory=list)
    """Those that only looked whether a program is there."""
    absent: str = "no program"
    listed: tuple[ChangedFile, ...] = (ChangedFile("a.py", "modified", None, 2, 0, "@@ -0,0 +1,2 @@\n+a\n+b"),)
    lag: float = 5.0
    asked_for: list[str] = field(default_factory=list)
    """The branches whose policy was asked for."""

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        return self.pulls.pop(0) if len(self.pulls) > 1 else self.pulls[0]

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        return self.listed

    @asynccontextmanager
    async def checkout(self, repo: Repo, sha: str) -> AsyncIterator[Checkout]:
        if self.fails:
            raise self.fails
        with tarfile.open(self.folder / "t.tar", "w") as tar:
            for path in self.paths:
                tar.addfile(tarfile.TarInfo(path), io.BytesIO())
        yield Checkout(sha, self.folder / "t.tar", frozenset(self.paths), self.left_out)

    async def strength(self) -> Strength:
        return Strength(self.tier, "scripted")

    async def run(self, task: Task) -> Ran:
        if "forgehand: absent" in task.command:
            self.looks.append(task)
            return Ran(0, b"forgehand: absent\n" if self.absent in task.command else b"", 0.1)
        self.tasks.append(task)
        return self.ran.pop(0)

    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        self.asked_for.append(base_ref)
        return Loaded(RepositoryPolicy(tests=self.policy_), "c" * 40)

    async def mark(self, key: str) -> str | None:
        return self.known.get(key)

    async def document(self, key: str) -> str | None:
        return self.kept.get(key)

    def now(self) -> float:
        return 1000.0

    def say(self, message: str, **details: object) -> None:
        """Nobody listens."""

    async def perform(self, effect: Effect) -> Landed:
        self.effects.append(effect)
        return Landed(Landing.DONE)

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        for effect in effects:
            await self.perform(effect)
        return None

    async def tested(self) -> Outcome:
        me: Any = self
        return await TestingWorker(me, me, me, me, me, me, lambda slot: f"https://x/{slot}").run(me)

    @property
    def check(self) -> CheckRun:
        (effect,) = self.effects
        assert isinstance(effect, CheckRun)
        return effect


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def done(outcome: Outcome) -> Done:
    assert isinstance(outcome, Done)
    return outcome


async def test_a_pull_request_gets_a_check_run_a_fact_and_another_look(world: World) -> None:
    outcome = done(await world.tested())
    assert (world.check.conclusion, world.check.sha, world.check.title) == (Conclusion.SUCCESS, SHA, "1 passed")
    assert [fact.kind for fact in outcome.facts] == ["tests.ran", "tests.judged"]
    assert [(job.type, job.subject) for job in outcome.jobs] == [("decide", "pull/7")]
    assert "pytest" in world.tasks[0].command
    assert world.tasks[0].network is False


@pytest.mark.parametrize(
    ("ran", "verdict"),
    [(Ran(0, b"", 1.0, files={"reports/j.xml": GREEN}), "passed"), (Ran(2, b"", 1.0), "failed"), (None, "")],
)
async def test_a_head_counts_once_by_its_first_verdict_and_not_where_nothing_ran(
    world: World, ran: Ran | None, verdict: str
) -> None:
    facts = []
    for job in ("a" * 32, "b" * 32):
        world.job, world.ran = replace(JOB, id=job), [ran, ran] if ran else []
        world.paths = world.paths if ran else ("README.md",)
        facts += [fact for fact in done(await world.tested()).facts if fact.kind == "tests.judged"]
    assert [fact.data["verdict"] for fact in facts] == ([verdict] * 2 if verdict else [])
    assert len({fact.id for fact in facts}) <= 1


async def test_a_flaky_test_is_counted_once_for_each_test_and_commit(world: World) -> None:
    world.ran = [Ran(1, b"", 1.0, files={"reports/j.xml": RED}), Ran(0, b"", 1.0, files={"reports/j.xml": GREEN})]
    first = done(await world.tested())
    world.ran = [Ran(1, b"", 1.0, files={"reports/j.xml": RED}), Ran(0, b"", 1.0, files={"reports/j.xml": GREEN})]
    world.job = replace(JOB, id="k" * 32)
    second = done(await world.tested())
    flaky = [fact for outcome in (first, second) for fact in outcome.facts if fact.kind == "test.flaky"]
    assert [fact.data["test"] for fact in flaky] == ["a", "a"]
    assert len({fact.id for fact in flaky}) == 1


async def test_coverage_is_compared_with_the_base_that_a_branch_job_measured(world: World) -> None:
    files: Mapping[str, bytes] = {"reports/j.xml": GREEN, "reports/coverage.json": COVERED}
    world.ran = [Ran(0, b"", 1.0, files=files), Ran(0, b"", 1.0, files=files)]
    world.job = replace(JOB, subject="ref/main", payload={"sha": "d" * 40, "trusted": True})
    on_base = done(await world.tested())
    assert (world.check.sha, on_base.jobs) == ("d" * 40, ())
    world.known, world.job, world.effects = dict(on_base.marks), JOB, []
    result = done(await world.tested()).result
    assert (result["coverage"], result["covered change"]) == (50.0, 50.0)
    assert "+0 against the base" in world.check.summary.replace("\\", "")


@pytest.mark.parametrize(
    ("listed", "files", "conclusion"),
    [
        (ChangedFile("a.py", "modified", None, 2, 0, "@@ -0,0 +1,1 @@\n+a"), 1, Conclusion.SUCCESS),
        (ChangedFile("a.py", "modified", None, 2, 0, None), 1, Conclusion.FAILURE),
        (ChangedFile("a.py", "modified", None, 2, 0, "no hunk"), 1, Conclusion.FAILURE),
        (ChangedFile("a.py", "renamed", "b.py", 0, 0, None), 1, Conclusion.SUCCESS),
        (ChangedFile("README.md", "modified", None, 9_000, 0, None), 1, Conclusion.SUCCESS),
        (ChangedFile("README.md", "modified", None, 1, 0, None), 3_001, Conclusion.FAILURE),
    ],
)
async def test_a_change_that_github_does_not_show_is_not_covered_where_coverage_is_asked_for(
    world: World, listed: ChangedFile, files: int, conclusion: Conclusion
) -> None:
    world.ran = [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN, "reports/coverage.json": COVERED})]
    world.pulls, world.listed = [replace(PULL, changed_files=files)], (listed,)
    world.policy_ = values.TestPolicy(min_diff_coverage=80)
    await world.tested()
    assert world.check.conclusion is conclusion


@pytest.mark.parametrize(
    ("pull", "payload", "subject", "stranger"),
    [
        (PULL, {}, "pull/7", False),
        (replace(PULL, head_repository="stranger/shop"), {}, "pull/7", True),
        (replace(PULL, head_repository=None), {}, "pull/7", True),
        (PULL, {"sha": SHA}, "ref/queue/main", True),
        (PULL, {"sha": SHA, "trusted": "yes"}, "ref/queue/main", True),
        (PULL, {"sha": SHA, "trusted": True}, "ref/queue/main", False),
    ],
)
async def test_strangers_code_needs_a_strong_sandbox(
    world: World, pull: PullRequest, payload: dict[str, object], subject: str, stranger: bool
) -> None:
    world.pulls, world.tier = [pull], Tier.USERNS
    world.job = replace(JOB, payload=payload, subject=subject)
    await world.tested()
    assert (world.check.conclusion is Conclusion.ACTION_REQUIRED) is stranger
    assert (world.tasks == []) is stranger


async def test_where_there_is_nothing_to_run_the_check_is_neutral_and_says_what_would_help(world: World) -> None:
    world.paths = ("README.md",)
    await world.tested()
    assert world.check.conclusion is Conclusion.NEUTRAL
    assert "tests.command" in world.check.title


async def test_where_a_found_projects_program_is_not_there_nothing_runs_and_that_is_neutral(world: World) -> None:
    world.absent = "import pytest"
    await world.tested()
    assert (world.check.conclusion, world.tasks) == (Conclusion.NEUTRAL, [])
    assert "there is test_a.py, but the sandbox has no pytest" in world.check.title
    assert "FORGEHAND_SANDBOX_READABLE" in world.check.summary.replace("\\", "")


@pytest.mark.parametrize("said", [{"command": "python3 -m pytest"}, {"setup": "pip install pytest"}])
async def test_where_somebody_said_how_to_test_what_is_missing_is_no_excuse(world: World, said: dict[str, str]) -> None:
    world.absent, world.policy_ = "import pytest", values.TestPolicy(**said)  # type: ignore[arg-type]
    set_up, lacking = Ran(0, b"", 1.0), Ran(1, b"python3: No module named pytest", 1.0)
    world.ran = [*([set_up] if "setup" in said else []), lacking, lacking]
    await world.tested()
    assert (world.check.conclusion, world.looks) == (Conclusion.ACTION_REQUIRED, [])


async def test_a_strangers_code_that_may_not_run_is_not_excused_by_a_missing_program(world: World) -> None:
    world.absent, world.tier = "import pytest", Tier.USERNS
    world.pulls = [replace(PULL, head_repository="stranger/shop")]
    await world.tested()
    assert (world.check.conclusion, world.looks) == (Conclusion.ACTION_REQUIRED, [])


TESTED, COVERING = {"base:42:main": "tests"}, {"base:42:main": "coverage"}
PUSH = replace(JOB, subject="branch/main", revision="d" * 40, payload={"event": "push", "after": "d" * 40})


@pytest.mark.parametrize(
    ("known", "policy", "measured"),
    [
        ({}, values.TestPolicy(command="make", measure_base=True), False),
        (TESTED, values.TestPolicy(command="make"), False),
        (COVERING, values.TestPolicy(), False),
        (COVERING, values.TestPolicy(command="make"), True),
        (COVERING, values.TestPolicy(coverage=("cov.json",)), True),
        (COVERING, values.TestPolicy(command="make", measure_base=False), False),
        (TESTED, values.TestPolicy(measure_base=True), True),
    ],
)
async def test_a_push_to_a_base_branch_is_measured_where_its_coverage_is_asked_for(
    world: World, known: dict[str, str], policy: values.TestPolicy, measured: bool
) -> None:
    world.known, world.policy_, world.job = known, policy, PUSH
    world.ran = [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN, "reports/coverage.json": COVERED})]
    outcome = done(await world.tested())
    assert ("skipped" in outcome.result, world.tasks == []) == (not measured, not measured)
    assert outcome.result["head"] == "d" * 40
    if measured:
        assert json.loads(outcome.marks["coverage:42:main"]) == {"sha": "d" * 40, "percent": 50.0}
        assert world.check.sha == "d" * 40


@pytest.mark.parametrize("push", [{"subject": "branch/forgehand/queue/main/1/build"}, {"payload": {"after": ""}}])
async def test_scratch_branches_and_deleted_ones_are_not_measured(world: World, push: dict[str, Any]) -> None:
    world.known = COVERING | {"base:42:forgehand/queue/main/1/build": "coverage"}
    world.policy_, world.job = values.TestPolicy(measure_base=True), replace(PUSH, **push)
    assert "skipped" in done(await world.tested()).result


async def test_what_pull_requests_into_a_base_gave_is_remembered_and_not_forgotten(world: World) -> None:
    assert done(await world.tested()).marks == TESTED
    world.ran = [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN, "reports/coverage.json": COVERED})]
    assert done(await world.tested()).marks == COVERING
    world.known, world.ran = dict(COVERING), [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN})]
    assert done(await world.tested()).marks == {}


async def test_a_commit_that_somebody_asked_for_is_tested(world: World) -> None:
    world.job = followups.test_commit(replace(JOB, type="queue"), "d" * 40, "queue/main", 0.0, base="main")
    assert done(await world.tested()).jobs == ()
    assert (world.check.sha, world.check.conclusion) == ("d" * 40, Conclusion.SUCCESS)


async def test_a_combination_is_tested_by_the_policy_of_its_base_and_leaves_no_coverage_behind(world: World) -> None:
    world.ran = [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN, "reports/coverage.json": COVERED})]
    ref = "refs/heads/forgehand/queue/release/1/test-2"
    world.job = followups.test_commit(replace(JOB, type="queue"), "d" * 40, ref, 0.0, base="release")
    outcome = done(await world.tested())
    assert world.asked_for == ["release"]
    assert (outcome.result["coverage"], outcome.marks) == (50.0, {})


async def test_a_run_that_ended_without_a_word_is_told_with_what_to_do(world: World) -> None:
    failed = replace(JOB, state=JobState.DEAD_LETTER, why="gave up after 12 attempts", generation=3)
    world.job = followups.tell_failure(replace(JOB, type="decide"), failed, SHA, "No result: ask again.", 0.0)
    outcome = done(await world.tested())
    assert (world.check.conclusion, world.check.title) == (Conclusion.ACTION_REQUIRED, "No result: ask again.")
    assert (world.tasks, [job.type for job in outcome.jobs]) == ([], ["decide"])


async def test_a_run_that_ended_without_a_word_says_nothing_of_a_newer_head(world: World) -> None:
    world.pulls = [replace(PULL, head_sha="e" * 40)]
    told = followups.tell_failure(JOB, JOB, SHA, "No result.", 0.0)
    world.job = replace(told, attempts=2)
    assert "skipped" in done(await world.tested()).result
    assert world.effects == []


async def test_tests_that_are_switched_off_do_not_run(world: World) -> None:
    world.policy_ = values.TestPolicy(enabled=False)
    by = Loaded(RepositoryPolicy(tests=world.policy_), "another commit").digest
    remedy = "set tests.enabled to true in .forgehand/config.yml on the default branch"
    said = {"skipped": "tests are switched off for main", "remedy": remedy}
    assert done(await world.tested()).result == {**said, "head": SHA, "base": "main", "policy": by}
    assert world.tasks == []


async def test_the_policy_decides_what_runs_and_within_what(world: World) -> None:
    world.policy_ = values.TestPolicy(command="make check", network=True, timeout_minutes=2, memory_mb=512)
    await world.tested()
    (task,) = world.tasks
    assert (task.command, task.network, task.bounds.seconds) == ("make check", True, 120.0)
    assert task.bounds.memory == 512 * 1024**2


async def test_a_tree_that_cannot_be_fetched_is_said_or_tried_again(world: World) -> None:
    world.fails = GitFailed("too large", transient=False)
    await world.tested()
    assert world.check.conclusion is Conclusion.ACTION_REQUIRED
    world.fails = GitFailed("timed out", transient=True)
    assert isinstance(await world.tested(), Retry)


async def test_what_of_the_tree_was_not_there_is_said(world: World) -> None:
    await world.tested()
    assert "of it:" not in world.check.summary
    world.effects.clear()
    world.ran.append(Ran(1, b"", 1.0, files={"reports/j.xml": RED}))
    world.ran.append(Ran(1, b"", 1.0, files={"reports/j.xml": RED}))
    world.left_out = {"vendor/@lib": "a submodule", "data.bin": "larger than 67,108,864 bytes"}
    await world.tested()
    first = world.check.summary.splitlines()[0].replace("\\", "")
    assert "but not these 2 of it: data.bin (larger than 67,108,864 bytes), vendor/" in first
    assert "lib (a submodule)" in first
    assert "@lib" not in first


async def test_a_head_that_moved_meanwhile_is_not_judged(world: World) -> None:
    world.pulls = [PULL, replace(PULL, head_sha="e" * 40)]
    assert isinstance(await world.tested(), Retry)
    assert world.effects == []


async def test_a_base_that_changed_meanwhile_is_not_judged_by_the_policy_of_the_other(world: World) -> None:
    world.pulls = [PULL, replace(PULL, base_ref="dev")]
    outcome = await world.tested()
    assert isinstance(outcome, Retry)
    assert "into dev" in outcome.why
    assert world.effects == []


async def test_what_was_said_is_kept_for_the_base_whose_policy_judged_it(world: World) -> None:
    world.pulls = [replace(PULL, base_ref="dev")]
    outcome = done(await world.tested())
    assert tested.from_json(outcome.documents[f"tests:42:pull/7:{SHA}"]) == Tested("dev", "success", "1 passed")
    assert outcome.result["base"] == "dev"


async def test_a_combination_keeps_its_verdict_and_a_base_branch_needs_none(world: World) -> None:
    world.job = followups.test_commit(replace(JOB, type="queue"), "d" * 40, "queue/main", 0.0, base="main")
    said = done(await world.tested()).documents[f"tests:42:commit/{'d' * 40}:{'d' * 40}"]
    assert tested.from_json(said) == Tested("main", "success", "1 passed")
    world.job, world.ran = PUSH, [Ran(0, b"", 1.0, files={"reports/j.xml": GREEN})]
    world.known, world.policy_ = TESTED, values.TestPolicy(measure_base=True)
    assert done(await world.tested()).documents == {}


@pytest.mark.parametrize(
    ("action", "base", "runs"), [("edited", "main", 0), ("edited", "dev", 1), ("opened", "main", 1)]
)
async def test_one_that_gets_another_base_is_tested_again_but_for_the_one_that_it_was_tested_for(
    world: World, action: str, base: str, runs: int
) -> None:
    world.kept = {f"tests:42:pull/7:{SHA}": tested.to_json(Tested("main", "success", "1 passed"))}
    world.pulls = [replace(PULL, base_ref=base)]
    world.job = replace(JOB, payload={"event": "pull_request", "action": action})
    outcome = done(await world.tested())
    assert len(world.tasks) == runs
    assert (outcome.result["head"], outcome.result["base"]) == (SHA, base)
    assert [job.type for job in outcome.jobs] == ["decide"]


async def test_a_closed_pull_request_is_left_alone(world: World) -> None:
    world.pulls = [replace(PULL, state="closed")]
    assert done(await world.tested()).result["skipped"] == "closed"


@pytest.mark.parametrize("subject", ["issue/7", "pull/x", "ref/main"])
async def test_what_is_no_commit_fails(world: World, subject: str) -> None:
    world.job = replace(JOB, subject=subject)
    assert isinstance(await world.tested(), Failed)
