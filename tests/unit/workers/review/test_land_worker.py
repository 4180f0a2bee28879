"""Landing: judged again, pinned, compared afterwards, and never tried for ever."""

from dataclasses import replace

import pytest

from forgehand.domain.effects import DeleteBranch, Effect, Merge, UpdateBranch
from forgehand.domain.followups import DECIDE
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry, Waiting
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.policy import MergePolicy, RepositoryPolicy
from forgehand.ports.checks import Protection
from forgehand.ports.desk import Landed, Landing
from forgehand.workers.review import LandWorker, documents
from support.decisions import AUTO
from support.shop import REPO, Shop, ShopDesk

pytestmark = pytest.mark.anyio
UPDATING = RepositoryPolicy(merge=MergePolicy(auto=True, update_branch=True))
DELETING = RepositoryPolicy(merge=MergePolicy(auto=True, delete_branch=True))


def _job(shop: Shop, **changes: object) -> Job:
    pull = shop.pulls[7]
    job = Job("j1", "land", "land", 1, REPO.id, REPO.full_name, "pull/7", 0.0, grant=shop.operator, attempts=1)
    return replace(job, revision=pull.head_sha, payload={"base": pull.base_ref}, **changes)  # type: ignore[arg-type]


async def _run(shop: Shop, job: Job | None = None) -> Outcome:
    outcome = await LandWorker(shop.sources).run(ShopDesk(shop, job or _job(shop)))
    if isinstance(outcome, Done):
        shop.kept |= outcome.documents
    return outcome


def _shop(**changes: object) -> Shop:
    shop = Shop(**changes)  # type: ignore[arg-type]
    shop.open_pull(7)
    return shop


def _result(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, Done)
    return dict(outcome.result)


def _merges(shop: Shop) -> list[str]:
    return [effect.sha for effect in shop.performed if isinstance(effect, Merge)]


async def test_what_is_ready_lands_with_the_tree_that_was_tested() -> None:
    shop = _shop()
    head = shop.pulls[7].head_sha
    outcome = await _run(shop)
    assert _merges(shop) == [head]
    assert _result(outcome) == {"merged": True, "head": head, "commit": shop.branches["main"], "as_tested": True}
    assert isinstance(outcome, Done)
    assert [(job.type, job.subject) for job in outcome.jobs] == [(DECIDE, "pull/7")]
    assert [(fact.kind, fact.data["number"], fact.data["as_tested"]) for fact in outcome.facts] == [
        ("pull.merged", 7, True)
    ]
    kept = documents.read_attempt(shop.kept[documents.attempt_key(REPO.id, 7)])
    assert kept is not None
    assert (kept.head_sha, kept.merged) == (head, shop.branches["main"])


async def test_everything_is_judged_again() -> None:
    shop = _shop()
    shop.operator = COMMENT_ONLY
    assert _result(await _run(shop))["merged"] is False
    shop = _shop()
    shop.pulls[7] = replace(shop.pulls[7], draft=True)
    assert _result(await _run(shop))["why"] == "not a draft: The pull request is a draft."
    assert _merges(shop) == []


async def test_a_push_between_decision_and_merge_means_no_merge() -> None:
    shop = _shop()
    job = _job(shop)
    head = shop.push(7, "sneaked in")
    assert _result(await _run(shop, job)) == {
        "merged": False,
        "why": f"its head is {head[:7]} now, not {job.revision[:7]}",
    }
    assert _merges(shop) == []


async def test_another_base_between_decision_and_merge_means_no_merge_and_another_look() -> None:
    shop = _shop()
    job = _job(shop)
    shop.branches["release"] = shop.branches["main"]
    shop.pulls[7] = replace(shop.pulls[7], base_ref="release")
    shop.reviewed(7)
    outcome = await _run(shop, job)
    assert _result(outcome) == {"merged": False, "why": "it goes into release now, not main"}
    assert isinstance(outcome, Done)
    assert [(again.type, again.subject) for again in outcome.jobs] == [(DECIDE, "pull/7")]
    assert _merges(shop) == []


async def test_a_push_in_the_very_moment_is_refused_by_github_and_means_no_merge() -> None:
    shop = _shop()
    job = _job(shop)
    refused = Landed(Landing.CONFLICT, "409: Head branch was modified", stop=Failed("409"))

    def perform(effect: object) -> Landed:
        shop.push(7, "sneaked in")
        shop.performed.append(effect)  # type: ignore[arg-type]
        return refused

    shop.perform = perform  # type: ignore[method-assign]
    outcome = await _run(shop, job)
    assert _result(outcome)["why"] == "it changed in that moment: 409: Head branch was modified"
    assert not shop.pulls[7].merged


async def test_another_base_in_the_very_moment_means_no_merge_and_another_look() -> None:
    shop = _shop()
    job = _job(shop)
    shop.branches["release"] = shop.branches["main"]
    merged = shop.perform

    def perform(effect: Effect) -> Landed:
        shop.pulls[7] = replace(shop.pulls[7], base_ref="release")
        return merged(effect)

    shop.perform = perform  # type: ignore[method-assign]
    assert await _run(shop, job) == Retry("it goes into release now, not main", after=3.0)
    assert not shop.pulls[7].merged
    assert _result(await _run(shop, replace(job, attempts=2)))["why"] == "it goes into release now, not main"


async def test_a_base_that_moved_since_the_facts_were_read_is_read_again() -> None:
    shop = _shop()
    tips = [shop.branches["main"], "moved"]

    async def tip(repo: object, branch: str) -> str:
        return tips.pop(0)

    shop.tip = tip  # type: ignore[assignment,method-assign]
    assert await _run(shop) == Retry("main moved while it was read")
    assert _merges(shop) == []


async def test_a_refusal_is_tried_a_few_times_and_then_kept_for_this_head_and_base() -> None:
    shop = _shop()
    no = Landed(Landing.REFUSED, "405: a rule of the branch", stop=Failed("405"))
    shop.refusals = [no] * 9
    assert await _run(shop) == Retry("405: a rule of the branch", after=3.0)
    outcome = await _run(shop, _job(shop, attempts=4))
    assert _result(outcome)["merged"] is False
    kept = documents.read_attempt(shop.kept[documents.attempt_key(REPO.id, 7)])
    assert kept is not None
    assert (kept.why, kept.base_sha) == ("405: a rule of the branch", shop.branches["main"])


async def test_a_conflict_is_not_tried_again() -> None:
    shop = _shop()
    shop.refusals = [Landed(Landing.REFUSED, "405: not mergeable", stop=Failed("405"))]
    before = shop.pulls[7]
    reads = [before, replace(before, mergeable=False)]

    async def pull(repo: object, number: int) -> object:
        return reads.pop(0)

    shop.pull = pull  # type: ignore[assignment,method-assign]
    assert _result(await _run(shop))["why"] == "405: not mergeable"


async def test_an_attempt_that_died_after_the_merge_is_finished_and_told_once() -> None:
    shop = _shop()
    job = _job(shop)
    first = await _run(shop, job)
    again = await _run(shop, replace(job, attempts=2))
    assert _result(again)["commit"] == _result(first)["commit"]
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert [fact.id for fact in first.facts] == [fact.id for fact in again.facts]


async def test_a_merge_by_somebody_else_is_not_counted_as_ours_however_often_it_is_tried() -> None:
    shop = _shop()
    job = _job(shop)
    shop.merged_by_hand(7)
    for attempts in (1, 2):
        outcome = await _run(shop, replace(job, attempts=attempts))
        assert isinstance(outcome, Done)
        assert (outcome.result["why"], outcome.facts) == ("somebody else merged it", ())


async def test_a_merge_that_a_lost_job_made_is_ours_for_the_job_that_finds_it() -> None:
    shop = _shop()
    first = _job(shop)
    await LandWorker(shop.sources).run(ShopDesk(shop, first))
    shop.lose_last_receipt()
    outcome = await _run(shop, replace(first, id="j2"))
    assert isinstance(outcome, Done)
    assert (outcome.result["merged"], [fact.kind for fact in outcome.facts]) == (True, ["pull.merged"])


async def test_a_tree_that_is_not_the_tested_one_is_said() -> None:
    shop = _shop()
    merged = shop.perform

    def perform(effect: object) -> Landed:
        if isinstance(effect, Merge):
            shop.push_to_main("in that moment")
        return merged(effect)  # type: ignore[arg-type]

    shop.perform = perform  # type: ignore[method-assign]
    outcome = await _run(shop)
    assert isinstance(outcome, Done)
    assert (outcome.result["as_tested"], outcome.facts[0].data["as_tested"]) == (False, False)


async def test_a_pause_ends_the_job_its_way() -> None:
    shop = _shop()
    shop.refusals = [Landed(Landing.NOT_NOW, "paused", stop=Waiting("resume", "paused"))]
    assert await _run(shop) == Waiting("resume", "paused")


async def test_a_branch_that_lacks_commits_is_brought_up_to_date_instead() -> None:
    shop = _shop(policy_in_force=UPDATING)
    shop.push_to_main("meanwhile")
    head = shop.pulls[7].head_sha
    assert _result(await _run(shop)) == {"updated": True, "head": head}
    assert [effect.sha for effect in shop.performed if isinstance(effect, UpdateBranch)] == [head]
    assert _merges(shop) == []


@pytest.mark.parametrize(
    ("change", "deleted"),
    [({}, True), ({"head_repository": "dev/shop"}, False), ({"head_ref": "main"}, False)],
)
async def test_a_branch_is_deleted_where_policy_wants_it_but_never_a_forks(
    change: dict[str, object], deleted: bool
) -> None:
    shop = _shop(policy_in_force=DELETING)
    await _run(shop)
    shop.performed.clear()
    shop.ledger.clear()
    shop.pulls[7] = replace(shop.pulls[7], **change)  # type: ignore[arg-type]
    await _run(shop, _job(shop, attempts=2))
    assert [type(effect) for effect in shop.performed] == [Merge, *([DeleteBranch] if deleted else [])]


async def test_a_protected_branch_is_never_deleted() -> None:
    shop = _shop(policy_in_force=DELETING)
    shop.protections["topic-7"] = Protection(approvals=1)
    await _run(shop)
    assert "topic-7" in shop.branches


@pytest.mark.parametrize("other", [{"head_ref": "topic-7", "base_ref": "release"}, {"base_ref": "topic-7"}])
async def test_a_branch_that_another_open_pull_request_stands_on_stays_and_it_is_said_why(
    other: dict[str, str],
) -> None:
    shop = _shop(policy_in_force=DELETING)
    shop.pulls[8] = replace(shop.open_pull(8), **other)  # type: ignore[arg-type]
    desk = ShopDesk(shop, _job(shop))
    assert _result(await LandWorker(shop.sources).run(desk))["merged"] is True
    assert "topic-7" in shop.branches
    assert desk.said[-1] == ("branch stays", {"branch": "topic-7", "why": "of #8, open from or into it"})


async def test_a_branch_of_pull_requests_that_are_over_goes() -> None:
    shop = _shop(policy_in_force=DELETING)
    shop.open_pull(8, base_ref="topic-7", state="closed")
    await _run(shop)
    assert "topic-7" not in shop.branches


async def test_by_default_the_branch_stays() -> None:
    shop = _shop(policy_in_force=AUTO)
    await _run(shop)
    assert "topic-7" in shop.branches


async def test_a_job_about_no_pull_request_fails_with_its_name() -> None:
    outcome = await _run(_shop(), Job("j", "land", "land", 1, 42, "acme/shop", "branch/main", 0.0))
    assert outcome == Failed("only a pull request lands, not 'branch/main'")
