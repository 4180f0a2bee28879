"""What lets a machine merge: each rule, spoiled once."""

from dataclasses import replace

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import MergePolicy, Opinion, Problem, RepositoryPolicy, ReviewFact
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.checks import Check, Protection, RequiredCheck
from forgehand.workers.review.rules.automatic import AUTOMATIC, PEOPLE
from forgehand.workers.review.rules.checks import OWN_TESTS
from forgehand.workers.review.rules.facts import Attempt, Facts, Place
from forgehand.workers.review.rules.static import File
from support.decisions import APPLY, AUTO, BASE, DEFAULT, GOOD, HEAD, OTHER, PULL, QUEUED, REVIEW

ADA = ReviewFact("ada", Opinion.APPROVED, Permission.WRITE)
ORDER = Orders(merge_by="ada", merge_head=HEAD, merge_base="main")
ASKED = replace(GOOD, orders=ORDER, asker=Permission.WRITE)
UNREADABLE = Problem("a.yml", 1, 1, "it is empty", "fill it")


def _ruling(rule: str, facts: Facts, policy: RepositoryPolicy = AUTO) -> Ruling:
    return next(ruling for each in (*PEOPLE, *AUTOMATIC) if (ruling := each(facts, policy)).rule == rule)


def _touching(path: str, facts: Facts = GOOD, previous: str | None = None) -> Facts:
    return replace(facts, review=replace(REVIEW, files=(File(path, "modified", previous_path=previous),)))


def test_nothing_keeps_the_good_one_from_being_merged() -> None:
    states = {rule(GOOD, AUTO).state for rule in (*PEOPLE, *AUTOMATIC)}
    assert states <= {State.SATISFIED, State.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("rule", "facts", "policy", "says"),
    [
        ("wanted", replace(GOOD, author=Permission.READ), AUTO, "dev has the permission read"),
        ("wanted", replace(GOOD, pull=replace(PULL, head_repository="dev/shop")), AUTO, "lives in a fork"),
        ("wanted", replace(GOOD, pull=replace(PULL, head_repository=None)), AUTO, "lives in a fork"),
        ("not stopped", replace(GOOD, orders=Orders(stopped_by="ada")), AUTO, "ada stopped it"),
        ("workflows", _touching(".github/workflows/ci.yml"), AUTO, "It edits .github/workflows/ci.yml"),
        ("workflows", _touching("ci.yml", previous=".github/workflows/ci.yml"), AUTO, "It edits .github/workflows"),
        ("workflows", _touching(".forgehand/config.yml"), AUTO, "never merged automatically"),
        (
            "policy known",
            replace(GOOD, problems=(Problem("a.yml", 1, 1, "it is empty", "fill it"),)),
            AUTO,
            "a.yml cannot",
        ),
        ("protection known", replace(GOOD, protection=Protection(unreadable="403")), AUTO, "not known: 403"),
        ("not refused", replace(GOOD, attempt=Attempt(HEAD, BASE, why="405.")), AUTO, "refused the merge: 405."),
        ("queue", replace(GOOD, place=Place(thrown="its tests fail")), QUEUED, "threw it out: its tests fail"),
        ("up to date", replace(GOOD, behind=2), AUTO, "It lacks 2 commits of main: what would land was never tested."),
        ("up to date", replace(GOOD, protection=Protection(strict=True)), QUEUED, "turn off one of the two"),
        ("up to date", replace(GOOD, behind=1, protection=Protection(strict=True)), AUTO, "requires branches to be up"),
    ],
)
def test_each_rule_holds_a_machine_back_and_says_why(
    rule: str, facts: Facts, policy: RepositoryPolicy, says: str
) -> None:
    ruling = _ruling(rule, facts, policy)
    assert ruling.state is State.VIOLATED
    assert says in ruling.reason


@pytest.mark.parametrize(
    ("rule", "facts", "policy", "says"),
    [
        ("allowed", replace(GOOD, operator=COMMENT_ONLY), AUTO, "FORGEHAND_MODE=comment-only"),
        ("wanted", GOOD, DEFAULT, "merge.auto is false: a person merges."),
        ("wanted", replace(GOOD, author=Permission.READ), DEFAULT, "merge.auto is false: a person merges."),
    ],
)
def test_what_is_switched_off_is_not_violated(rule: str, facts: Facts, policy: RepositoryPolicy, says: str) -> None:
    ruling = _ruling(rule, facts, policy)
    assert ruling.state is State.SWITCHED_OFF
    assert says in ruling.reason


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("dispatching.yml", State.VIOLATED),
        (".github/dispatching.yml", State.VIOLATED),
        ("action.yml", State.VIOLATED),
        ("tools/setup/action.yaml", State.VIOLATED),
        (".github/actions/setup/run.sh", State.VIOLATED),
        ("docs/dispatching.yml", State.SATISFIED),
        ("src/reaction.yml", State.SATISFIED),
    ],
)
def test_what_runs_or_dispatches_with_the_repositorys_powers_is_powerful(path: str, state: State) -> None:
    assert _ruling("workflows", _touching(path)).state is state


def test_protected_paths_are_the_policys() -> None:
    policy = RepositoryPolicy(merge=MergePolicy(auto=True, protected_paths=("db/**",)))
    assert _ruling("wanted", _touching("db/schema.sql"), policy).state is State.VIOLATED
    assert _ruling("wanted", GOOD, policy).state is State.SATISFIED


@pytest.mark.parametrize("rule", ["wanted", "workflows"])
def test_a_person_who_asks_for_this_head_stands_in_for_author_and_paths(rule: str) -> None:
    stranger = replace(_touching(".github/workflows/ci.yml", ASKED), author=Permission.NONE)
    assert _ruling(rule, stranger, DEFAULT).state is State.SATISFIED
    assert "ada" in _ruling(rule, stranger, DEFAULT).reason


@pytest.mark.parametrize(
    "facts",
    [
        replace(ASKED, orders=replace(ORDER, merge_head=OTHER)),
        replace(ASKED, orders=replace(ORDER, merge_base="topic")),
        replace(ASKED, orders=replace(ORDER, merge_base="")),
        replace(ASKED, asker=Permission.READ),
    ],
)
def test_an_order_for_another_head_or_base_or_of_who_may_not_write_now_is_no_order(facts: Facts) -> None:
    assert _ruling("wanted", facts, DEFAULT).state is State.SWITCHED_OFF


def test_nobody_can_ask_past_what_the_operator_allows_or_tests_say() -> None:
    asked = replace(ASKED, operator=COMMENT_ONLY)
    assert _ruling("allowed", asked, DEFAULT).state is State.SWITCHED_OFF


def test_what_found_nothing_to_run_is_not_merged_automatically() -> None:
    nothing = Check(OWN_TESTS, 1, CheckState.PASSED, "neutral", ours=True, title="no test command was found")
    untested = replace(GOOD, checks=(nothing,))
    assert _ruling("tested", untested).state is State.VIOLATED
    required = replace(untested, protection=Protection((RequiredCheck(OWN_TESTS),)))
    assert _ruling("tested", required).state is State.VIOLATED
    careless = RepositoryPolicy(merge=MergePolicy(auto=True, require_tests=False))
    assert _ruling("tested", untested, careless).state is State.SATISFIED


def test_a_refused_merge_is_tried_again_on_another_base_or_head() -> None:
    for attempt in (
        Attempt(OTHER, BASE, why="405"),
        Attempt(HEAD, OTHER, why="405"),
        Attempt(HEAD, BASE, merged=OTHER),
    ):
        assert _ruling("not refused", replace(GOOD, attempt=attempt)).state is State.SATISFIED


def test_a_branch_that_is_behind_is_updated_where_policy_wants_it_but_never_a_forks() -> None:
    updating = RepositoryPolicy(merge=MergePolicy(auto=True, update_branch=True))
    behind = replace(GOOD, behind=1)
    assert _ruling("up to date", behind, updating).state is State.PENDING
    fork = replace(behind, pull=replace(PULL, head_repository="dev/shop"))
    assert _ruling("up to date", fork, updating).state is State.VIOLATED


@pytest.mark.parametrize(
    ("facts", "auto", "state"),
    [
        (ASKED, False, State.VIOLATED),
        (replace(ASKED, author=Permission.READ), True, State.VIOLATED),
        (_touching(".github/workflows/ci.yml", ASKED), True, State.VIOLATED),
        (ASKED, True, State.PENDING),
    ],
)
def test_a_branch_that_only_an_order_lets_merge_is_not_updated_away_from_the_order(
    facts: Facts, auto: bool, state: State
) -> None:
    updating = RepositoryPolicy(merge=MergePolicy(auto=auto, update_branch=True))
    ruling = _ruling("up to date", replace(facts, behind=1), updating)
    assert ruling.state is state
    if state is State.VIOLATED:
        says = "It lacks 1 commit of main, and ada asked for this head alone: update it, then ask for the new one."
        assert ruling.reason == says


def test_the_queue_needs_no_branch_to_be_up_to_date() -> None:
    assert _ruling("up to date", replace(GOOD, behind=3), QUEUED).state is State.NOT_APPLICABLE


def _with(*reviews: ReviewFact, approvals: int = 1) -> Facts:
    return replace(GOOD, reviews=reviews, protection=Protection(approvals=approvals))


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (_with(), State.PENDING),
        (_with(ADA), State.SATISFIED),
        (_with(ADA, approvals=2), State.PENDING),
        (_with(ADA, ADA, approvals=2), State.PENDING),
        (_with(replace(ADA, permission=Permission.READ)), State.PENDING),
        (_with(replace(ADA, author="dev")), State.PENDING),
        (_with(ADA, replace(ADA, opinion=Opinion.COMMENTED)), State.SATISFIED),
        (_with(ADA, replace(ADA, opinion=Opinion.DISMISSED)), State.PENDING),
        (_with(ADA, replace(ADA, opinion=Opinion.CHANGES_REQUESTED)), State.PENDING),
        (_with(approvals=0), State.NOT_APPLICABLE),
    ],
)
def test_approvals_count_once_for_each_writer_but_the_author_by_their_last_word(facts: Facts, state: State) -> None:
    assert _ruling("approvals", facts).state is state


def test_a_writer_who_asks_for_changes_is_heard_and_a_stranger_is_not() -> None:
    no = replace(ADA, opinion=Opinion.CHANGES_REQUESTED)
    assert _ruling("no objection", _with(no)).reason == "ada asked for changes."
    assert _ruling("no objection", _with(replace(no, permission=Permission.READ))).state is State.SATISFIED
    assert _ruling("no objection", _with(no, ADA)).state is State.SATISFIED


def test_the_operators_grant_is_the_limit() -> None:
    assert _ruling("allowed", replace(GOOD, operator=APPLY)).state is State.SATISFIED
