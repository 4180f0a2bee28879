"""The tree, the standing and the next step, from plain values."""

from dataclasses import replace

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import MergePolicy, Opinion, Problem, QueuePolicy, RepositoryPolicy, ReviewFact
from forgehand.domain.pulls import Standing
from forgehand.domain.rulings import Ruling, State, from_json, to_json
from forgehand.ports.checks import Protection
from forgehand.workers.review.rules.decision import Step, judge
from forgehand.workers.review.rules.facts import Facts, Place
from forgehand.workers.review.rules.static import File, StaticReview
from support.decisions import AUTO, DEFAULT, GOOD, HEAD, NOTHING_TO_RUN, PULL, QUEUED, REVIEW, UNIT

UPDATING = RepositoryPolicy(merge=MergePolicy(auto=True, update_branch=True))
RUNNING = replace(GOOD, checks=(replace(UNIT, state=CheckState.PENDING), NOTHING_TO_RUN))
FAILING = replace(GOOD, checks=(replace(UNIT, state=CheckState.FAILED), NOTHING_TO_RUN))
BUG = Finding("shop/cart.py", 5, "F821", Severity.MAJOR, "Undefined name `x`", "", "ruff", "x")
NO = ReviewFact("ada", Opinion.CHANGES_REQUESTED, Permission.WRITE)


def _pull(**changes: object) -> Facts:
    return replace(GOOD, pull=replace(PULL, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "policy", "standing", "step", "conclusion"),
    [
        (GOOD, AUTO, Standing.READY, Step.LAND, Conclusion.SUCCESS),
        (GOOD, DEFAULT, Standing.READY, Step.NOTHING, Conclusion.SUCCESS),
        (replace(GOOD, operator=COMMENT_ONLY), AUTO, Standing.READY, Step.NOTHING, Conclusion.SUCCESS),
        (GOOD, QUEUED, Standing.READY, Step.QUEUE, Conclusion.SUCCESS),
        (replace(GOOD, place=Place(2, HEAD)), QUEUED, Standing.QUEUED, Step.QUEUE, Conclusion.SUCCESS),
        (FAILING, AUTO, Standing.BLOCKED, Step.NOTHING, Conclusion.FAILURE),
        (RUNNING, AUTO, Standing.WAITING, Step.NOTHING, None),
        (_pull(mergeable=None), AUTO, Standing.WAITING, Step.NOTHING, None),
        (_pull(mergeable=False), AUTO, Standing.BLOCKED, Step.NOTHING, Conclusion.FAILURE),
        (_pull(draft=True), AUTO, Standing.BLOCKED, Step.NOTHING, None),
        (_pull(draft=True, mergeable=False), AUTO, Standing.BLOCKED, Step.NOTHING, None),
        (_pull(state="closed"), AUTO, Standing.CLOSED, Step.NOTHING, Conclusion.NEUTRAL),
        (_pull(state="closed", merged=True), AUTO, Standing.MERGED, Step.NOTHING, Conclusion.NEUTRAL),
        (replace(GOOD, protection=Protection(approvals=1)), AUTO, Standing.WAITING, Step.NOTHING, Conclusion.SUCCESS),
        (replace(GOOD, reviews=(NO,)), AUTO, Standing.BLOCKED, Step.NOTHING, Conclusion.SUCCESS),
        (replace(GOOD, behind=1), AUTO, Standing.READY, Step.NOTHING, Conclusion.SUCCESS),
        (replace(GOOD, behind=1), UPDATING, Standing.WAITING, Step.UPDATE, Conclusion.SUCCESS),
        (replace(RUNNING, behind=1), UPDATING, Standing.WAITING, Step.NOTHING, None),
    ],
)
def test_facts_and_policy_make_a_standing_a_step_and_what_the_check_concludes(
    facts: Facts, policy: RepositoryPolicy, standing: Standing, step: Step, conclusion: Conclusion | None
) -> None:
    decision = judge(facts, policy)
    assert (decision.standing, decision.step, decision.conclusion) == (standing, step, conclusion)


def test_what_is_wrong_outweighs_what_is_not_known_yet() -> None:
    facts = replace(FAILING, pull=replace(PULL, mergeable=None))
    decision = judge(facts, AUTO)
    assert decision.blocker is not None
    assert decision.blocker.rule == "tests"
    assert decision.why_not == "tests: unit failed (success)."


def test_what_weighs_most_is_the_reason_and_the_rest_is_named_after_it() -> None:
    unusable = Ruling("configuration", State.VIOLATED, ".forgehand/config.yml:1:1: it is no mapping.")
    review = replace(REVIEW, findings=(BUG,))
    decision = judge(replace(FAILING, review=review, proposal=unusable), AUTO)
    assert decision.blocker is unusable
    said = "configuration: .forgehand/config.yml:1:1: it is no mapping"
    others = "tests: unit failed (success); static review: 1 major finding."
    assert (decision.why_not, decision.ruling.reason) == (f"{said}; {others}", f"{said}.")
    leaked = replace(review, findings=(BUG, replace(BUG, tool="secrets")))
    decision = judge(replace(FAILING, review=leaked, proposal=unusable), AUTO)
    assert (decision.ruling.reason, decision.conclusion) == ("secrets: 1 secret.", Conclusion.FAILURE)


def test_of_a_draft_nothing_else_is_said() -> None:
    assert judge(_pull(draft=True, mergeable=False), AUTO).why_not == "not a draft: The pull request is a draft."


def test_ready_and_to_be_merged_are_told_apart() -> None:
    decision = judge(GOOD, DEFAULT)
    assert (decision.ready.state, decision.automatic.state) == (State.SATISFIED, State.SWITCHED_OFF)
    assert decision.why_not == "merge.auto is false: a person merges."


OFF = RepositoryPolicy(merge=MergePolicy(update_branch=True, queue=QueuePolicy(enabled=True)))
NEEDED = Protection(approvals=1)
ORDERED = Orders(merge_by="ada", merge_head=HEAD, merge_base="main")
OF_ALL_KINDS = [
    GOOD,
    replace(GOOD, behind=1),
    replace(GOOD, place=Place(1, HEAD)),
    replace(GOOD, author=Permission.NONE),
    replace(GOOD, protection=NEEDED, reviews=(replace(NO, opinion=Opinion.APPROVED),)),
]


@pytest.mark.parametrize("facts", OF_ALL_KINDS)
@pytest.mark.parametrize("policy", [DEFAULT, replace(DEFAULT, merge=replace(UPDATING.merge, auto=False)), OFF])
def test_what_is_switched_off_is_never_done_by_a_machine_and_leaves_the_queue(
    facts: Facts, policy: RepositoryPolicy
) -> None:
    decision = judge(facts, policy)
    assert decision.automatic.state is decision.ruling.state is State.SWITCHED_OFF
    assert (decision.standing, decision.step, decision.broken) == (Standing.READY, Step.NOTHING, True)
    assert decision.why_not == "merge.auto is false: a person merges."


@pytest.mark.parametrize("facts", OF_ALL_KINDS)
@pytest.mark.parametrize("policy", [DEFAULT, AUTO, UPDATING, QUEUED, OFF])
def test_nobody_has_a_machine_merge_where_the_operator_only_lets_it_comment(
    facts: Facts, policy: RepositoryPolicy
) -> None:
    decision = judge(replace(facts, operator=COMMENT_ONLY, orders=ORDERED, asker=Permission.WRITE), policy)
    assert decision.automatic.state is decision.ruling.state is State.SWITCHED_OFF
    assert (decision.standing, decision.step, decision.broken) == (Standing.READY, Step.NOTHING, True)
    assert "FORGEHAND_MODE=comment-only" in decision.why_not


def test_whoever_stopped_what_is_switched_off_as_well_is_named() -> None:
    stopped = judge(replace(GOOD, orders=Orders(stopped_by="ada")), DEFAULT)
    assert (stopped.automatic.state, stopped.step) == (State.VIOLATED, Step.NOTHING)
    assert stopped.why_not.startswith("ada stopped it")


def test_a_branch_to_be_updated_is_not_updated_while_anything_else_is_open() -> None:
    held = RepositoryPolicy(merge=MergePolicy(update_branch=True))
    assert judge(replace(GOOD, behind=1), held).step is Step.NOTHING


def test_a_merge_that_a_person_ordered_is_not_undone_by_an_update_of_its_branch() -> None:
    held = RepositoryPolicy(merge=MergePolicy(update_branch=True))
    orders = Orders(merge_by="ada", merge_head=HEAD, merge_base="main")
    decision = judge(replace(GOOD, behind=1, orders=orders, asker=Permission.WRITE), held)
    assert (decision.standing, decision.step) == (Standing.READY, Step.NOTHING)
    assert decision.why_not.endswith("update it, then ask for the new one.")


def test_the_tree_survives_being_kept() -> None:
    ruling = judge(FAILING, AUTO).ruling
    assert to_json(from_json(to_json(ruling))) == to_json(ruling)
    assert [part.rule for part in ruling.parts] == ["ready", "people", "automatic merge"]


def test_the_same_facts_give_the_same_decision() -> None:
    assert judge(RUNNING, AUTO) == judge(RUNNING, AUTO)


def test_nothing_is_merged_while_the_policy_cannot_be_used_whoever_asks() -> None:
    broken = (Problem(".forgehand/config.yml", 3, 1, "it is no mapping", "write settings"),)
    orders = Orders(merge_by="ada", merge_head=HEAD, merge_base="main")
    ordered = replace(GOOD, orders=orders, asker=Permission.WRITE)
    assert judge(ordered, DEFAULT).step is Step.LAND
    ordered = replace(ordered, problems=broken)
    decision = judge(ordered, DEFAULT)
    assert (decision.step, decision.conclusion) == (Step.NOTHING, Conclusion.ACTION_REQUIRED)
    mends = StaticReview(HEAD, "main", (File(".forgehand/config.yml", "modified"),))
    mending = judge(replace(ordered, review=mends, proposal=Ruling("configuration", State.SATISFIED, "")), DEFAULT)
    assert (mending.step, mending.conclusion) == (Step.NOTHING, Conclusion.SUCCESS)
