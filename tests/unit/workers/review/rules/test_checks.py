"""Which checks make a commit tested."""

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.rulings import Ruling, State
from forgehand.domain.tested import Tested
from forgehand.ports.checks import Check, RequiredCheck
from forgehand.workers.review.rules.checks import DECISION, OWN_TESTS, as_tested, checked, needs_own_run

SHA = "a" * 40


def _check(
    name: str, state: CheckState = CheckState.PASSED, *, app: int = 15, ours: bool = False, told: str = ""
) -> Check:
    return Check(name, app, state, told or ("success" if state is CheckState.PASSED else str(state)), ours)


def _judged(*checks: Check, required: tuple[str, ...] = ()) -> Ruling:
    return checked(SHA, checks, [RequiredCheck(name) for name in required], asked=True)


OWN = _check(OWN_TESTS, ours=True)
NOTHING = Check(OWN_TESTS, 1, CheckState.PASSED, "neutral", ours=True, title="There is no test command")
SKIPPED = _check("docs", told="skipped")
RED, RUNNING = CheckState.FAILED, CheckState.PENDING


@pytest.mark.parametrize(
    ("ruling", "state", "reason"),
    [
        (_judged(_check("unit"), required=("unit",)), State.SATISFIED, "unit passed (success)."),
        (_judged(_check("unit", RED), required=("unit",)), State.VIOLATED, "unit failed (failed)."),
        (_judged(_check("unit", RUNNING), required=("unit",)), State.PENDING, "unit has not finished yet (pending)."),
        (_judged(required=("unit",)), State.PENDING, "The required check unit has not reported on aaaaaaa yet."),
        (_judged(NOTHING, _check("a"), _check("b")), State.SATISFIED, "All 2 checks passed."),
        (_judged(NOTHING, _check("a"), SKIPPED), State.SATISFIED, "All 2 checks passed."),
        (_judged(NOTHING, _check("a"), _check("b", RUNNING), _check("c", RED)), State.VIOLATED, "c failed (failed)."),
        (_judged(NOTHING, _check("a"), _check("b", RUNNING)), State.PENDING, "b has not finished yet (pending)."),
        (_judged(_check("a", RED), _check("b", RED)), State.VIOLATED, "a failed (failed). 1 more is like it."),
        (_judged(OWN), State.SATISFIED, "Forgehand tests passed (success)."),
        (_judged(OWN, SKIPPED), State.SATISFIED, "All 2 checks passed."),
        (_judged(OWN, _check("b", RUNNING)), State.PENDING, "b has not finished yet (pending)."),
    ],
)
def test_checks_and_statuses_make_one_ruling(ruling: Ruling, state: State, reason: str) -> None:
    assert (ruling.rule, ruling.state, ruling.reason) == ("tests", state, reason)


def test_where_checks_are_required_others_do_not_count() -> None:
    assert _judged(_check("unit"), _check("lint", RED), required=("unit",)).state is State.SATISFIED


def test_without_any_check_the_own_run_is_waited_for() -> None:
    ruling = _judged()
    assert ruling.state is State.PENDING
    assert ruling.reason == "No check has reported on aaaaaaa, and our own tests have not run yet."


def test_an_own_run_that_begins_later_says_until_when() -> None:
    ruling = checked(SHA, [_check("unit")], [], asked=True, until="it begins at 12:40 UTC")
    assert ruling.reason == "Our own tests have not run on aaaaaaa yet: it begins at 12:40 UTC."


def test_our_own_decision_is_no_reason_for_itself_whoever_requires_it() -> None:
    decision = _check(DECISION, RED, ours=True)
    assert _judged(decision, NOTHING, _check("unit"), required=(DECISION,)).state is State.SATISFIED
    assert _judged(decision).state is State.PENDING


def test_a_requirement_that_names_an_app_is_met_by_that_app_alone() -> None:
    required = [RequiredCheck("unit", 99)]
    assert checked(SHA, [_check("unit", app=15)], required, asked=True).state is State.PENDING
    assert checked(SHA, [_check("unit", app=99)], required, asked=True).state is State.SATISFIED


def test_of_several_apps_with_one_name_the_worst_counts() -> None:
    assert _judged(_check("unit"), _check("unit", RED, app=99), required=("unit",)).state is State.VIOLATED


def test_a_foreign_check_that_is_quicker_than_ours_does_not_pass_for_tests() -> None:
    agreement = _check("license/agreement")
    ruling = _judged(agreement)
    assert (ruling.state, ruling.reason) == (State.PENDING, "Our own tests have not run on aaaaaaa yet.")
    assert _judged(agreement, _check(OWN_TESTS, RUNNING, ours=True)).state is State.PENDING
    assert _judged(agreement, _check(OWN_TESTS)).state is State.PENDING  # another's of that name
    assert _judged(agreement, _check("unit", RED)).state is State.VIOLATED


def test_an_own_run_that_found_nothing_to_run_is_no_test_passed() -> None:
    ruling = _judged(NOTHING)
    assert (ruling.state, ruling.reason) == (State.NOT_APPLICABLE, "Nothing was tested: There is no test command.")


def test_an_own_run_that_found_nothing_to_run_is_no_test_passed_where_it_is_required_either() -> None:
    ruling = _judged(NOTHING, _check("unit"), required=(OWN_TESTS,))
    assert (ruling.state, ruling.reason) == (State.NOT_APPLICABLE, "Nothing was tested: There is no test command.")
    ruling = _judged(NOTHING, SKIPPED, required=(OWN_TESTS, "docs"))
    assert ruling.reason.endswith("There is no test command. The other checks were skipped or neutral.")
    assert _judged(NOTHING, _check("unit"), required=(OWN_TESTS, "unit")).state is State.SATISFIED
    assert _judged(NOTHING, _check("unit", RED), required=(OWN_TESTS, "unit")).state is State.VIOLATED
    assert _judged(NOTHING, required=(OWN_TESTS, "unit")).state is State.PENDING


def test_a_required_check_of_others_that_was_skipped_passes_as_github_takes_it() -> None:
    assert _judged(SKIPPED, required=("docs",)).state is State.SATISFIED
    assert _judged(NOTHING, SKIPPED, required=("docs",)).state is State.SATISFIED


def test_skipped_and_neutral_checks_alone_are_no_test() -> None:
    ruling = _judged(NOTHING, SKIPPED, _check("lint", told="neutral"))
    assert (ruling.state, ruling.reason) == (
        State.NOT_APPLICABLE,
        "Nothing was tested: There is no test command. The other checks were skipped or neutral.",
    )
    assert checked(SHA, [SKIPPED], [], asked=False).state is State.NOT_APPLICABLE


def test_a_policy_that_asks_for_no_tests_waits_for_none() -> None:
    assert checked(SHA, [], [], asked=False).state is State.NOT_APPLICABLE
    assert checked(SHA, [_check("unit"), SKIPPED], [], asked=False).state is State.SATISFIED
    assert checked(SHA, [_check("unit"), _check("e2e", RUNNING)], [], asked=False).state is State.PENDING
    assert checked(SHA, [_check("unit", RED)], [], asked=False).state is State.VIOLATED


@pytest.mark.parametrize(
    ("reported", "required", "asked", "needed"),
    [
        ((), (), True, True),
        ((), (), False, False),
        ((OWN,), (), True, False),
        ((_check("unit"),), (), True, True),
        ((), ("unit",), True, False),
        ((), (OWN_TESTS,), True, True),
        ((OWN,), (OWN_TESTS,), True, False),
        ((_check(DECISION),), (DECISION,), True, True),
    ],
)
def test_the_testing_worker_is_asked_where_its_run_is_what_counts(
    reported: tuple[Check, ...], required: tuple[str, ...], asked: bool, needed: bool
) -> None:
    wanted = [RequiredCheck(name) for name in required]
    assert needs_own_run(reported, wanted, asked=asked) is needed


@pytest.mark.parametrize(
    ("tested", "base", "told"),
    [
        (None, "main", None),
        (Tested("dev", "success", ""), "main", None),
        (Tested("main", "success", ""), "main", (CheckState.PASSED, "success")),
        (Tested("main", "neutral", ""), "main", (CheckState.PASSED, "neutral")),
        (Tested("main", "failure", ""), "main", (CheckState.FAILED, "failure")),
        (Tested("main", "action_required", ""), "main", (CheckState.FAILED, "action_required")),
    ],
)
def test_our_own_run_counts_as_it_was_judged_for_this_base(
    tested: Tested | None, base: str, told: tuple[CheckState, str] | None
) -> None:
    others = (_check("unit"), _check(OWN_TESTS))  # another's of that name
    for shown in ((OWN,), ()):
        counted = as_tested((*others, *shown), tested, base)
        assert counted[:2] == others
        assert [(each.state, each.told, each.ours) for each in counted[2:]] == ([(*told, True)] if told else [])
