"""Deciding: what is read is judged, said once, and kept; and what follows is asked for."""

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from forgehand.domain import orders, tested
from forgehand.domain.caps import HELD_BACK
from forgehand.domain.checks import CheckState
from forgehand.domain.effects import CheckRun, Conclusion, Effect, StickyComment
from forgehand.domain.followups import DECIDE, lane
from forgehand.domain.jobs import Done, Failed, Job, JobState, Outcome, Refused, Retry, Waiting
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import Goes, MergePolicy, Priority, RepositoryPolicy
from forgehand.domain.policy import rules as r
from forgehand.domain.pulls import PullStage, Standing
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import from_json
from forgehand.ports.checks import Check, Protection
from forgehand.ports.conversation import SubmittedReview
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import PullRequest
from forgehand.workers.review import DecideWorker, documents, followups
from forgehand.workers.review.rules.checks import OWN_TESTS
from forgehand.workers.review.rules.facts import Attempt
from forgehand.workers.review.rules.queue import Entry, Queue, joined, started, thrown_out
from support.decisions import DEFAULT, PULL, QUEUED, UNIT
from support.shop import REPO, Shop, ShopDesk

pytestmark = pytest.mark.anyio


@dataclass
class About:
    pulls: list[PullRequest] = field(default_factory=list)

    async def at(self, repo: Repo, sha: str) -> list[PullRequest]:
        return [pull for pull in self.pulls if pull.head_sha == sha]

    async def into(self, repo: Repo, branch: str) -> list[PullRequest]:
        return [pull for pull in self.pulls if pull.base_ref == branch]


def _shop(**changes: object) -> Shop:
    shop = Shop(**changes)  # type: ignore[arg-type]
    shop.open_pull(7)
    return shop


def _job(**changes: object) -> Job:
    job = Job("j1", DECIDE, DECIDE, 1, REPO.id, REPO.full_name, "pull/7", 0.0, attempts=1, generation=3)
    return replace(job, **changes)  # type: ignore[arg-type]


async def _outcome(
    shop: Shop, job: Job | None = None, about: About | None = None, desk: type[ShopDesk] = ShopDesk
) -> Outcome:
    worker = DecideWorker(
        shop.sources, about or About(), lambda repository_id, number: f"https://forge/pulls/{repository_id}/{number}"
    )
    outcome = await worker.run(desk(shop, job or _job()))
    if isinstance(outcome, Done):
        shop.kept |= outcome.documents
    return outcome


async def _run(shop: Shop, job: Job | None = None, about: About | None = None) -> Done:
    outcome = await _outcome(shop, job, about)
    assert isinstance(outcome, Done)
    return outcome


def _said(shop: Shop) -> list[type[Effect]]:
    return [type(effect) for effect in shop.performed]


def _check(shop: Shop) -> CheckRun:
    return [effect for effect in shop.performed if isinstance(effect, CheckRun)][-1]


def _summary(shop: Shop) -> str:
    return [effect for effect in shop.performed if isinstance(effect, StickyComment)][-1].body


def _types(done: Done) -> list[str]:
    return [job.type for job in done.jobs]


async def test_one_summary_and_one_check_run_say_the_decision() -> None:
    shop = _shop(policy_in_force=DEFAULT)
    done = await _run(shop)
    head = shop.pulls[7].head_sha
    assert _said(shop) == [StickyComment, CheckRun]
    check = _check(shop)
    assert (check.name, check.sha, check.conclusion, check.worker) == (
        "Forgehand review",
        head,
        Conclusion.SUCCESS,
        DECIDE,
    )
    assert check.details_url == f"https://forge/pulls/{REPO.id}/7"
    assert done.result == {
        "head": head,
        "base": "main",
        "standing": "ready",
        "why": "merge.auto is false: a person merges.",
        "step": "nothing",
        "waits": False,
        "hears": True,
    }
    assert done.jobs == ()


async def test_deciding_again_says_the_same_and_changes_nothing() -> None:
    shop = _shop(policy_in_force=DEFAULT)
    await _run(shop)
    await _run(shop)
    assert _said(shop) == [StickyComment, CheckRun]


class Locked(ShopDesk):
    """GitHub takes no comment."""

    stop: Outcome = Failed("Unable to create comment because issue is locked.")

    async def perform(self, effect: Effect) -> Landed:
        if isinstance(effect, StickyComment):
            return Landed(Landing.REFUSED, "no comment", stop=self.stop)
        return await super().perform(effect)


async def test_where_github_takes_no_summary_the_check_run_says_it_and_the_merge_is_asked_for() -> None:
    shop = _shop()
    done = await _outcome(shop, desk=Locked)
    assert isinstance(done, Done)
    assert _said(shop) == [CheckRun]
    assert _check(shop).conclusion is Conclusion.SUCCESS
    assert "verdict:42:7" in done.documents
    assert _types(done) == ["land"]


@pytest.mark.parametrize("stop", [Retry("an earlier attempt may still land"), Refused("a newer job has spoken here")])
async def test_a_summary_that_is_late_or_out_of_date_ends_the_job_its_way(stop: Outcome) -> None:
    shop = _shop()
    late = type("Late", (Locked,), {"stop": stop})
    assert await _outcome(shop, desk=late) == stop
    assert _said(shop) == []


async def test_row_and_tree_are_kept_with_it() -> None:
    shop = _shop(policy_in_force=DEFAULT)
    done = await _run(shop)
    (row,) = done.pulls
    assert (row.repo, row.number, row.state, row.standing, row.generation) == (
        REPO,
        7,
        PullStage.OPEN,
        Standing.READY,
        3,
    )
    assert row.blocker == "merge.auto is false: a person merges."
    verdict = json.loads(done.documents["verdict:42:7"])
    assert from_json(verdict["ruling"]).parts[0].rule == "ready"
    assert json.loads(done.documents[f"facts:42:7:{row.head_sha}"])["author"] == "dev"


async def test_what_may_land_is_asked_to_land() -> None:
    shop = _shop()
    (job,) = (await _run(shop)).jobs
    assert (job.type, job.key, job.subject, job.revision) == ("land", "merge:42:main", "pull/7", shop.pulls[7].head_sha)


async def test_where_the_operator_only_comments_nothing_is_asked_for() -> None:
    shop = _shop(operator=COMMENT_ONLY)
    assert (await _run(shop)).jobs == ()


@pytest.mark.parametrize("path", ["dispatching.yml", ".github/dispatching.yml"])
async def test_what_changes_the_file_of_dispatches_is_told_what_that_does_once_for_each_head(path: str) -> None:
    shop = _shop(policy_in_force=DEFAULT)
    shop.reviewed(7, path)
    [first], [again] = [(await _run(shop)).jobs for _ in range(2)]
    assert (first.type, first.subject, first.revision) == ("dispatch-proposal", "pull/7", shop.pulls[7].head_sha)
    assert first.id == again.id
    shop.pulls[7] = replace(shop.pulls[7], state="closed")
    assert (await _run(shop)).jobs == ()


async def test_a_branch_that_lacks_commits_is_asked_to_be_updated() -> None:
    shop = _shop(policy_in_force=RepositoryPolicy(merge=MergePolicy(auto=True, update_branch=True)))
    shop.push_to_main("meanwhile")
    done = await _run(shop)
    assert _types(done) == ["land", DECIDE]
    assert done.result["waits"] is True


async def test_where_there_is_a_queue_it_is_asked_to_join() -> None:
    shop = _shop(policy_in_force=QUEUED)
    (job,) = (await _run(shop)).jobs
    assert (job.type, job.key) == ("queue", "merge:42:main")
    assert job.payload["join"]["head"] == shop.pulls[7].head_sha


def _gave_up(shop: Shop, worker: str, **changes: Any) -> Job:
    """The last job of this worker about the pull request ended without a word."""
    head = shop.pulls[7].head_sha
    job = _job(type=worker, worker=worker, id=f"{worker} job", revision=head, state=JobState.DEAD_LETTER, fence=12)
    job = replace(job, **{"why": "gave up after 12 attempts: its worker process stopped", **changes})
    shop.jobs[lane(worker, REPO.id, 7)] = job
    return job


def _not_tested(shop: Shop) -> None:
    head = shop.pulls[7].head_sha
    shop.given[head] = [UNIT]
    del shop.kept[tested.key(REPO.id, "pull/7", head)]


OWN = Check(OWN_TESTS, 1, CheckState.PASSED, "success", ours=True, title="12 passed")


async def test_tests_that_passed_for_another_base_are_asked_for_once_more_and_count_for_nothing() -> None:
    shop = _shop()
    head = shop.pulls[7].head_sha
    shop.given[head] = [UNIT, OWN]
    shop.ran_own("pull/7", head, "dev", "success")
    before = {"revision": head, "state": JobState.COMPLETED, "result": {"head": head, "base": "dev"}}
    _gave_up(shop, "testing", **before)
    done = await _run(shop)
    assert done.result["standing"] == "waiting"
    assert "Our own tests have not run on" in done.result["why"]
    (asked,) = [job for job in done.jobs if job.type == "testing"]
    assert (asked.subject, asked.revision, asked.lane) == ("pull/7", head, lane("testing", REPO.id, 7))
    (again,) = [job for job in (await _run(shop, _job(id="j2"))).jobs if job.type == "testing"]
    assert again.id == asked.id
    shop.ran_own("pull/7", head, "main", "success")
    done = await _run(shop, _job(id="j3"))
    assert _types(done) == ["land"]


@pytest.mark.parametrize(("ours", "theirs"), [("failure", "success"), ("success", "failure")])
async def test_what_another_pull_request_with_the_same_head_was_told_does_not_count(ours: str, theirs: str) -> None:
    shop = _shop()
    head = shop.pulls[7].head_sha
    shown = CheckState.PASSED if theirs == "success" else CheckState.FAILED
    shop.given[head] = [UNIT, replace(OWN, state=shown, told=theirs)]
    shop.ran_own("pull/7", head, "main", ours)
    shop.ran_own("pull/8", head, "dev", theirs)
    done = await _run(shop)
    assert (done.result["standing"] == "blocked") is (ours == "failure")
    assert ("land" in _types(done)) is (ours == "success")


async def test_a_test_run_that_ended_without_a_word_fails_the_decision_and_is_told_once() -> None:
    shop = _shop()
    _not_tested(shop)
    _gave_up(shop, "testing")
    done = await _run(shop)
    assert (_check(shop).conclusion, done.result["standing"]) == (Conclusion.FAILURE, "blocked")
    assert "its worker process stopped" in _check(shop).title
    assert "`/forgehand retest` or `forgehand jobs retry testing job`" in _check(shop).title
    (told,) = [job for job in done.jobs if job.type == "testing"]
    assert (told.subject, told.revision, told.generation) == ("pull/7", shop.pulls[7].head_sha, 3)
    assert told.payload["failed"].rstrip(".") in _check(shop).title
    (again,) = [job for job in (await _run(shop, _job(id="j2"))).jobs if job.type == "testing"]
    assert again.id == told.id


@pytest.mark.parametrize("change", [{"revision": "e" * 40}, {"state": JobState.PENDING}, {"state": JobState.COMPLETED}])
async def test_a_test_run_that_may_still_report_is_waited_for(change: dict[str, Any]) -> None:
    shop = _shop()
    _not_tested(shop)
    _gave_up(shop, "testing", **({"result": {"base": "main"}} | change))
    done = await _run(shop)
    assert done.result["standing"] == "waiting"
    assert [job for job in done.jobs if job.type == "testing"] == []


async def test_what_a_test_run_said_stands_whatever_became_of_a_later_one() -> None:
    shop = _shop()
    _gave_up(shop, "testing")
    assert [job for job in (await _run(shop)).jobs if job.type == "testing"] == []


async def test_a_review_that_ended_without_a_word_needs_a_person() -> None:
    shop = _shop()
    shop.kept.clear()
    _gave_up(shop, "review")
    await _run(shop)
    assert _check(shop).conclusion is Conclusion.ACTION_REQUIRED
    assert "`/forgehand review` or `forgehand jobs retry review job`" in _check(shop).summary.replace("\\", "")


async def test_a_review_that_is_held_back_is_told_with_until_when() -> None:
    shop = _shop()
    shop.kept.clear()
    _gave_up(shop, "review", state=JobState.PENDING, payload={HELD_BACK: True}, attempts=0)
    done = await _run(shop)
    assert done.result["standing"] == "waiting"
    assert "has not been reviewed yet: gave up after 12 attempts" in _check(shop).summary.replace("\\", "")


async def test_a_review_that_is_tried_again_is_not_told_as_held_back() -> None:
    shop = _shop()
    shop.kept.clear()
    _gave_up(shop, "review", state=JobState.PENDING, payload={HELD_BACK: True}, attempts=1)
    assert (await _run(shop)).result["standing"] == "waiting"
    assert "gave up after 12 attempts" not in _check(shop).summary.replace("\\", "")


HOTFIX = Priority(r.Labels(r.Choice(any=("hotfix",))), Goes.FIRST)
FIRST = replace(QUEUED, merge=replace(QUEUED.merge, queue=replace(QUEUED.merge.queue, priority=(HOTFIX,))))


async def test_the_policy_says_who_goes_first_in_the_queue() -> None:
    shop = _shop(policy_in_force=FIRST)
    shop.pulls[7] = replace(shop.pulls[7], labels=("hotfix",))
    (job,) = (await _run(shop)).jobs
    assert job.payload["join"]["priority"] == 1


async def test_a_label_that_comes_while_it_waits_changes_its_place_once() -> None:
    shop = _shop(policy_in_force=FIRST)
    _in_queue(shop, shop.pulls[7].head_sha)
    shop.pulls[7] = replace(shop.pulls[7], labels=("hotfix",))
    asked = (await _run(shop)).jobs[0].payload["join"]
    assert asked["priority"] == 1
    _in_queue(shop, shop.pulls[7].head_sha, priority=1)
    assert [job for job in (await _run(shop)).jobs if "join" in job.payload] == []
    shop.kept[documents.queue_key(REPO.id, "main")] = documents.write_queue(
        started(Queue(waiting=(Entry(7, shop.pulls[7].head_sha),)), "tip", 1)
    )
    assert [job for job in (await _run(shop)).jobs if "join" in job.payload] == []


def _in_queue(shop: Shop, head: str, priority: int = 0) -> None:
    queue = joined(joined(Queue(), Entry(1, "x")), Entry(7, head, priority, since=1.0))
    shop.kept[documents.queue_key(REPO.id, "main")] = documents.write_queue(queue)


async def test_in_the_queue_its_place_is_said_and_only_that_it_goes_on_asked_for() -> None:
    shop = _shop(policy_in_force=QUEUED)
    _in_queue(shop, shop.pulls[7].head_sha)
    done = await _run(shop)
    assert (_types(done), done.pulls[0].standing, done.pulls[0].position) == (["queue"], Standing.QUEUED, 2)
    assert "revive" in done.jobs[0].payload
    assert "In the merge queue, at position 2" in _summary(shop)


@pytest.mark.parametrize("change", [{"draft": True}, {"mergeable": False}, {"state": "closed"}])
async def test_what_is_no_longer_approved_is_asked_to_leave_the_queue(change: dict[str, object]) -> None:
    shop = _shop(policy_in_force=QUEUED)
    _in_queue(shop, shop.pulls[7].head_sha)
    shop.pulls[7] = replace(shop.pulls[7], **change)  # type: ignore[arg-type]
    (job,) = (await _run(shop)).jobs
    assert (job.type, job.payload["leave"]) == ("queue", 7)


async def test_what_nobody_can_say_yet_costs_no_place_in_the_queue() -> None:
    shop = _shop(policy_in_force=QUEUED)
    _in_queue(shop, shop.pulls[7].head_sha)
    shop.pulls[7] = replace(shop.pulls[7], mergeable=None)
    done = await _run(shop)
    assert _types(done) == [followups.QUEUE, DECIDE]
    assert "leave" not in done.jobs[0].payload


async def test_many_decisions_ask_once_that_a_queue_which_stands_still_goes_on() -> None:
    shop = _shop(policy_in_force=QUEUED)
    _in_queue(shop, shop.pulls[7].head_sha)
    (first,), (second,) = (await _run(shop)).jobs, (await _run(shop, _job(id="j2"))).jobs
    assert first.id == second.id
    assert first.lane == "", "it must not end a step that runs"
    assert (await _run(shop, _job(payload={"event": followups.MOVED}))).jobs == ()


async def test_another_head_leaves_the_queue() -> None:
    shop = _shop(policy_in_force=QUEUED)
    _in_queue(shop, shop.pulls[7].head_sha)
    shop.push(7, "more")
    assert followups.QUEUE in _types(await _run(shop))


async def test_what_the_queue_threw_out_is_not_asked_in_again_and_the_reason_said() -> None:
    shop = _shop(policy_in_force=QUEUED)
    queue = thrown_out(Queue(), Entry(7, shop.pulls[7].head_sha), "its tests fail")
    shop.kept[documents.queue_key(REPO.id, "main")] = documents.write_queue(queue)
    done = await _run(shop)
    assert done.jobs == ()
    assert "its tests fail" in _summary(shop)


async def test_a_mergeability_that_is_not_known_is_looked_at_again_ever_later_and_not_for_ever() -> None:
    shop = _shop()
    shop.pulls[7] = replace(shop.pulls[7], mergeable=None)
    job, waits = _job(), []
    for _ in range(20):
        done = await _run(shop, job)
        assert _check(shop).conclusion is None
        assert done.result["waits"] is True
        if not done.jobs:
            break
        (job,) = done.jobs
        assert (job.type, job.subject) == (DECIDE, "pull/7")
        waits.append(job.run_at - 1000.0)
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
    assert _said(shop) == [StickyComment, CheckRun]


async def test_checks_that_run_are_looked_at_again_and_then_less_and_less_soon() -> None:
    shop = _shop()
    shop.given[shop.pulls[7].head_sha][0] = replace(
        shop.given[shop.pulls[7].head_sha][0], state=CheckState.PENDING, told="in_progress"
    )
    (again,) = (await _run(shop)).jobs
    assert again.run_at == 1005.0
    (later,) = (await _run(shop, again)).jobs
    assert later.run_at == 1060.0
    sooner: Any = await _outcome(shop, desk=partial(ShopDesk, lag=0.5))
    assert [job.run_at for job in sooner.jobs] == [1000.5]


async def test_the_check_of_a_draft_is_left_open_without_a_comment_and_concluded_once_it_is_ready() -> None:
    shop = _shop()
    shop.pulls[7] = replace(shop.pulls[7], draft=True)
    await _run(shop)
    assert _said(shop) == [CheckRun]
    left_open = _check(shop)
    assert (left_open.conclusion, left_open.title) == (None, "Not a draft: The pull request is a draft")
    shop.pulls[7] = replace(shop.pulls[7], draft=False)
    await _run(shop)
    assert (_check(shop).slot, _check(shop).conclusion) == (left_open.slot, Conclusion.SUCCESS)


async def test_what_became_a_draft_again_has_its_summary_corrected() -> None:
    shop = _shop(policy_in_force=DEFAULT)
    await _run(shop)
    shop.pulls[7] = replace(shop.pulls[7], draft=True)
    await _run(shop)
    assert _summary(shop).startswith("### A draft")


async def test_a_merge_of_ours_is_said_once_it_is_merged() -> None:
    shop = _shop()
    await _run(shop)
    head = shop.pulls[7].head_sha
    shop.pulls[7] = replace(shop.pulls[7], state="closed", merged=True, merge_commit="m")
    shop.kept[documents.attempt_key(REPO.id, 7)] = documents.write_attempt(Attempt(head, "b", merged="m"))
    shop.performed.clear()
    done = await _run(shop)
    assert _said(shop) == [StickyComment]
    assert "PR merged automatically" in _summary(shop)
    assert (done.pulls[0].state, done.pulls[0].standing, done.pulls[0].blocker) == (
        PullStage.MERGED,
        Standing.MERGED,
        "",
    )
    assert done.jobs == ()


async def test_a_pull_request_that_was_closed_before_we_came_is_left_alone() -> None:
    shop = _shop()
    shop.pulls[7] = replace(shop.pulls[7], state="closed")
    done = await _run(shop)
    assert shop.performed == []
    assert done.pulls[0].standing is Standing.CLOSED


async def test_a_refused_merge_is_not_asked_for_again_until_something_happens() -> None:
    shop = _shop()
    attempt = Attempt(shop.pulls[7].head_sha, shop.branches["main"], why="405: a rule")
    shop.kept[documents.attempt_key(REPO.id, 7)] = documents.write_attempt(attempt)
    done = await _run(shop, _job(payload={"event": "not merged"}))
    assert done.jobs == ()
    assert "405" in done.pulls[0].blocker
    done = await _run(shop, _job(payload={"event": "pull_request_review"}))
    assert _types(done) == ["land"]


async def test_an_order_to_stop_holds_and_one_to_merge_is_obeyed_for_its_head() -> None:
    shop = _shop()
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(orders.Orders(stopped_by="ada"))
    assert (await _run(shop)).jobs == ()
    assert "ada stopped it" in _summary(shop)
    shop.policy_in_force = DEFAULT
    asked = orders.Orders(merge_by="ada", merge_head=shop.pulls[7].head_sha, merge_base="main")
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(asked)
    assert _types(await _run(shop)) == ["land"]
    shop.permissions["ada"] = Permission.READ
    assert (await _run(shop)).jobs == ()


async def test_an_order_to_merge_ends_when_the_author_chooses_another_base() -> None:
    shop = _shop(policy_in_force=DEFAULT)
    asked = orders.Orders(merge_by="ada", merge_head=shop.pulls[7].head_sha, merge_base="main")
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(asked)
    shop.branches["release"] = shop.branches["main"]
    shop.pulls[7] = replace(shop.pulls[7], base_ref="release")
    shop.reviewed(7)
    shop.ran_own("pull/7", shop.pulls[7].head_sha, "release")
    assert (await _run(shop)).jobs == ()


@pytest.mark.parametrize(
    ("ordered", "standing"),
    [
        (Orders(approved_by=("ada",), approved_head="head", approved_base="main"), "ready"),
        (Orders(approved_by=("ada",), approved_head="c" * 40, approved_base="main"), "blocked"),
        (Orders(approved_by=("ada",), approved_head="head", approved_base="topic"), "blocked"),
        (Orders(approved_by=("ada",), approved_head="head"), "blocked"),
        (Orders(approved_by=("eve",), approved_head="head", approved_base="main"), "blocked"),
        (Orders(), "blocked"),
    ],
)
async def test_an_approval_by_comment_counts_for_the_policy_at_its_head_and_base(
    ordered: Orders, standing: str
) -> None:
    shop = _shop(policy_in_force=RepositoryPolicy(merge=MergePolicy(approvals=1)))
    shop.permissions["eve"] = Permission.READ
    head = shop.pulls[7].head_sha
    there = replace(ordered, approved_head=head if ordered.approved_head == "head" else ordered.approved_head)
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(there)
    assert (await _run(shop)).result["standing"] == standing


@pytest.mark.parametrize(
    ("times", "said", "at", "standing"),
    [
        ((50.0,), "APPROVED", 40.0, "ready"),
        ((50.0,), "DISMISSED", 40.0, "ready"),
        ((50.0,), "DISMISSED", 60.0, "blocked"),
        ((), "APPROVED", 40.0, "blocked"),
    ],
)
async def test_of_a_persons_approval_by_comment_and_their_reviews_the_later_counts_for_the_policy(
    times: tuple[float, ...], said: Any, at: float, standing: str
) -> None:
    shop = _shop(policy_in_force=RepositoryPolicy(merge=MergePolicy(approvals=1)))
    shop.submitted = [SubmittedReview("ada", said, "c" * 40, at)]
    head = shop.pulls[7].head_sha
    ordered = Orders(approved_by=("ada",), approved_at=times, approved_head=head, approved_base="main")
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(ordered)
    assert (await _run(shop)).result["standing"] == standing


async def test_branch_protection_counts_no_approval_by_comment() -> None:
    shop = _shop(protections={"main": Protection(approvals=1)})
    ordered = Orders(approved_by=("ada",), approved_head=shop.pulls[7].head_sha, approved_base="main")
    shop.kept[orders.key(REPO.id, 7)] = orders.to_json(ordered)
    assert (await _run(shop)).result["standing"] == "waiting"


async def test_a_head_that_github_does_not_show_yet_is_waited_for_once() -> None:
    shop = _shop()
    head = shop.pulls[7].head_sha
    assert await _outcome(shop, _job(revision="f" * 40)) == Retry(f"GitHub shows {head[:7]}, not fffffff", after=5.0)
    assert isinstance(await _outcome(shop, _job(revision="f" * 40, attempts=2)), Done)


async def test_an_effect_that_cannot_go_on_ends_the_job_its_way() -> None:
    shop = _shop()
    paused = Waiting("resume", "paused")
    shop.perform = lambda effect: Landed(Landing.NOT_NOW, "paused", stop=paused)  # type: ignore[method-assign]
    assert await _outcome(shop) == paused


async def test_a_status_of_a_commit_wakes_the_pull_requests_with_that_head() -> None:
    about = About(
        [replace(PULL, number=1, head_sha="x"), replace(PULL, number=2), replace(PULL, number=3, head_sha="x")]
    )
    done = await _run(_shop(), _job(subject="commit/x", payload={"event": "status"}), about)
    assert [(job.type, job.subject) for job in done.jobs] == [(DECIDE, "pull/1"), (DECIDE, "pull/3")]


async def test_a_push_to_a_branch_wakes_those_that_go_into_it_one_after_the_other() -> None:
    about = About([replace(PULL, number=number) for number in range(1, 100)])
    about.pulls.append(replace(PULL, number=200, base_ref="dev"))
    done = await _run(_shop(), _job(subject="branch/main", payload={"event": "push"}), about)
    assert len(done.jobs) == 50
    assert len({job.run_at for job in done.jobs}) == 50
    assert (await _run(_shop(), _job(subject="branch/dev"), about)).result == {"pulls": [200]}


async def test_a_job_about_something_else_fails_with_its_name() -> None:
    outcome = await _outcome(_shop(), _job(subject="event/push"))
    assert outcome == Failed("a decision needs a pull request, not 'event/push'")


@pytest.mark.parametrize("event", ["check_run", "status", "reviewed", "pull_request"])
async def test_a_check_that_githubs_list_does_not_show_yet_is_looked_for_once_more(event: str) -> None:
    shop = _shop()
    shop.given[shop.pulls[7].head_sha][0] = replace(shop.given[shop.pulls[7].head_sha][0], state=CheckState.FAILED)
    (again,) = (await _run(shop, _job(payload={"event": event}))).jobs
    assert again.run_at == 1005.0
    assert (await _run(shop, again)).jobs == ()
