"""Which checks make a commit tested."""

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.checks import Check, RequiredCheck
from forgehand.workers.review.rules.checks import DECISION, OWN_TESTS, checked, needs_own_run

SHA = "a" * 40


def _check(
    name: str, state: CheckState = CheckState.PASSED, *, app: int = 15, ours: bool = False, told: str = ""
) -> Check:
    return Check(name, app, state, told or ("success" if state is CheckState.PASSED else str(state)), ours)


def _judged(*checks: Check, required: tuple[str, ...] = ()) -> Ruling:
    return checked(SHA, checks, [RequiredCheck(name) for name in required], asked=True)


OWN = _check(OWN_TESTS, ours=True)
RED, RUNNING = CheckState.FAILED, CheckState.PENDING


@pytest.mark.parametrize(
    ("ruling", "state", "reason"),
    [
        (_judged(_check("unit"), required=("unit",)), State.SATISFIED, "unit passed (success)."),
        (_judged(_check("unit", RED), required=("unit",)), State.VIOLATED, "unit failed (failed)."),
        (_judged(_check("unit", RUNNING), required=("unit",)), State.PENDING, "unit has not finished yet (pending)."),
        (_judged(required=("unit",)), State.PENDING, "The required check unit has not reported on aaaaaaa yet."),
        (_judged(_check("a"), _check("b")), State.SATISFIED, "All 2 checks passed."),
        (_judged(_check("a"), _check("b", RUNNING), _check("c", RED)), State.VIOLATED, "c failed (failed)."),
        (_judged(_check("a", RED), _check("b", RED)), State.VIOLATED, "a failed (failed). 1 more is like it."),
        (_judged(OWN), State.SATISFIED, "Forgehand tests passed (success)."),
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


def test_our_own_decision_is_no_reason_for_itself_whoever_requires_it() -> None:
    decision = _check(DECISION, RED, ours=True)
    assert _judged(decision, _check("unit"), required=(DECISION,)).state is State.SATISFIED
    assert _judged(decision).state is State.PENDING


def test_a_requirement_that_names_an_app_is_met_by_that_app_alone() -> None:
    required = [RequiredCheck("unit", 99)]
    assert checked(SHA, [_check("unit", app=15)], required, asked=True).state is State.PENDING
    assert checked(SHA, [_check("unit", app=99)], required, asked=True).state is State.SATISFIED


def test_of_several_apps_with_one_name_the_worst_counts() -> None:
    assert _judged(_check("unit"), _check("unit", RED, app=99), required=("unit",)).state is State.VIOLATED


def test_an_own_run_that_found_nothing_to_run_is_no_test_passed() -> None:
    nothing = Check(OWN_TESTS, 1, CheckState.PASSED, "neutral", ours=True, title="no test command was found")
    ruling = checked(SHA, [nothing], [], asked=True)
    assert (ruling.state, ruling.reason) == (State.NOT_APPLICABLE, "Nothing was tested: no test command was found.")


def test_a_policy_that_asks_for_no_tests_waits_for_none() -> None:
    assert checked(SHA, [], [], asked=False).state is State.NOT_APPLICABLE
    assert checked(SHA, [_check("unit", RED)], [], asked=False).state is State.VIOLATED


@pytest.mark.parametrize(
    ("reported", "required", "needed"),
    [
        ((), (), True),
        ((OWN_TESTS,), (), False),
        (("unit",), (), False),
        ((), ("unit",), False),
        ((), (OWN_TESTS,), True),
        ((DECISION,), (DECISION,), True),
    ],
)
def test_the_testing_worker_is_asked_only_where_nothing_else_tests(
    reported: tuple[str, ...], required: tuple[str, ...], needed: bool
) -> None:
    wanted = [RequiredCheck(name) for name in required]
    assert needs_own_run([_check(name) for name in reported], wanted) is needed
