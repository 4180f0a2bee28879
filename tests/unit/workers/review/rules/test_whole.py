"""What every pull request needs: each rule, spoiled once."""

from dataclasses import replace

import pytest

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.policy import MergePolicy, Problem, RepositoryPolicy
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.checks import Protection, RequiredCheck
from forgehand.workers.review.rules.facts import Facts
from forgehand.workers.review.rules.static import File, StaticReview
from forgehand.workers.review.rules.whole import RULES
from support.decisions import DEFAULT, GOOD, HEAD, PULL, REVIEW

BUG = Finding("shop/cart.py", 5, "F821", Severity.MAJOR, "Undefined name `x`", "", "ruff", "x")


def _ruling(rule: str, facts: Facts, policy: RepositoryPolicy = DEFAULT) -> Ruling:
    return next(ruling for each in RULES if (ruling := each(facts, policy)).rule == rule)


def _pull(**changes: object) -> Facts:
    return replace(GOOD, pull=replace(PULL, **changes))  # type: ignore[arg-type]


def test_the_rules_stand_in_the_order_in_which_a_person_would_ask() -> None:
    assert [rule(GOOD, DEFAULT).rule for rule in RULES] == [
        "open",
        "not a draft",
        "merge conflicts",
        "tests",
        "static review",
        "secrets",
        "complete",
        "policy in force",
        "policy file",
        "policy",
    ]


def test_nothing_is_wrong_with_the_good_one() -> None:
    states = {rule(GOOD, DEFAULT).state for rule in RULES}
    assert states == {State.SATISFIED, State.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("rule", "facts", "state", "costs", "reason"),
    [
        ("open", _pull(state="closed"), State.VIOLATED, Conclusion.NEUTRAL, "The pull request is closed."),
        ("open", _pull(state="closed", merged=True), State.VIOLATED, Conclusion.NEUTRAL, "The pull request is merged."),
        ("not a draft", _pull(draft=True), State.VIOLATED, Conclusion.ACTION_REQUIRED, "The pull request is a draft."),
        (
            "merge conflicts",
            _pull(mergeable=False),
            State.VIOLATED,
            Conclusion.FAILURE,
            "It conflicts with main: merge main into it.",
        ),
        (
            "merge conflicts",
            _pull(mergeable=None),
            State.PENDING,
            Conclusion.FAILURE,
            "GitHub has not worked out yet whether it merges into main.",
        ),
        (
            "static review",
            replace(GOOD, review=None),
            State.PENDING,
            Conclusion.FAILURE,
            "aaaaaaa has not been reviewed yet.",
        ),
        (
            "static review",
            replace(GOOD, review=StaticReview(HEAD, "main", GOOD.review.files, (BUG,))),  # type: ignore[union-attr]
            State.VIOLATED,
            Conclusion.FAILURE,
            "1 major finding.",
        ),
        (
            "complete",
            replace(GOOD, review=StaticReview(HEAD, "main", (), not_compared="no common history")),
            State.VIOLATED,
            Conclusion.ACTION_REQUIRED,
            "The change could not be compared: no common history",
        ),
    ],
)
def test_each_rule_says_what_is_wrong(rule: str, facts: Facts, state: State, costs: Conclusion, reason: str) -> None:
    ruling = _ruling(rule, facts)
    assert (ruling.state, ruling.reason) == (state, reason)
    assert state is State.PENDING or ruling.costs is costs


def test_a_required_check_that_has_not_reported_is_not_yet_and_no_failure() -> None:
    facts = replace(GOOD, protection=Protection((RequiredCheck("e2e"),)))
    assert _ruling("tests", facts).state is State.PENDING


def test_the_policys_own_rules_are_judged_of_the_same_facts() -> None:
    policy = RepositoryPolicy(merge=MergePolicy(hold_labels=("do not merge",)))
    ruling = _ruling("policy", _pull(labels=("do not merge",)), policy)
    assert (ruling.state, ruling.costs) == (State.VIOLATED, Conclusion.ACTION_REQUIRED)


def test_a_change_of_the_policy_is_judged_as_its_reader_says() -> None:
    broken = Ruling("policy file", State.VIOLATED, "config.yml:3:1: it is no mapping")
    assert _ruling("policy file", replace(GOOD, proposal=broken)) is broken


BROKEN = (
    Problem(".forgehand/config.yml", 3, 5, "there is no setting `atuo`", "write `auto`"),
    Problem("acme/.github/.forgehand/config.yml", 1, 1, "it is no mapping", "write settings"),
)
MENDED = replace(REVIEW, files=(File(".forgehand/config.yml", "modified"),))
VALID = Ruling("configuration", State.SATISFIED, "It is valid.")


def test_a_policy_that_cannot_be_used_asks_for_action_with_file_line_and_fix() -> None:
    ruling = _ruling("policy in force", replace(GOOD, problems=BROKEN))
    assert (ruling.state, ruling.costs) == (State.VIOLATED, Conclusion.ACTION_REQUIRED)
    assert ruling.reason == (".forgehand/config.yml:3:5: there is no setting `atuo`: write `auto`. And 1 more problem.")


def test_the_change_that_mends_the_policy_is_not_held_up_by_what_it_mends() -> None:
    mending = replace(GOOD, problems=BROKEN[:1], review=MENDED, proposal=VALID)
    assert _ruling("policy in force", mending).state is State.SATISFIED
    assert _ruling("policy in force", replace(mending, problems=BROKEN)).reason.startswith("acme/.github/")
    worse = replace(VALID, state=State.VIOLATED)
    assert _ruling("policy in force", replace(mending, proposal=worse)).state is State.VIOLATED
