"""Every rule of the testing worker, and which comes first."""

from dataclasses import replace

import pytest

from forgehand.crafts.suite_commands import Tree, detect
from forgehand.crafts.suites import Attempt, Case, Changed, Command, Coverage, Outcome, SuiteRun
from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.policy import Flaky, values
from forgehand.domain.rulings import State
from forgehand.ports.sandbox import Stopped, Strength, Tier
from forgehand.workers.testing.rules import Facts, judge

POLICY = values.TestPolicy()
STRONG = Strength(Tier.BWRAP, "bubblewrap")
COMMAND = Command("make test", "it is configured")
GOOD = Attempt(0, 1.0, cases=(Case("a", Outcome.PASSED),), told=True)
BAD = Attempt(1, 1.0, cases=(Case("a", Outcome.FAILED, "why\nmore"), Case("b", Outcome.PASSED)), told=True)


def facts(*attempts: Attempt, setup: Attempt | None = None) -> Facts:
    return Facts("a" * 40, STRONG, stranger=False, command=COMMAND, run=SuiteRun(COMMAND, setup, attempts))


@pytest.mark.parametrize(
    ("given", "conclusion", "rule", "said"),
    [
        (facts(GOOD), Conclusion.SUCCESS, None, ""),
        (facts(BAD, BAD), Conclusion.FAILURE, "tests", "1 failed, 1 passed"),
        (facts(replace(GOOD, code=2)), Conclusion.FAILURE, "tests", "code 2"),
        (facts(Attempt(127, 1.0, "sh: 1: npm: not found\n")), Conclusion.ACTION_REQUIRED, "tests", "npm: not found"),
        (facts(Attempt(1, 1.0, "python3: No module named pytest")), Conclusion.ACTION_REQUIRED, "tests", "lacks"),
        (facts(replace(GOOD, cases=())), Conclusion.FAILURE, "tests", "No test ran"),
        (facts(replace(BAD, code=0)), Conclusion.FAILURE, "tests", "1 failed"),
        (facts(Attempt(0, 1.0)), Conclusion.SUCCESS, None, ""),
        (facts(replace(GOOD, code=137, stopped=Stopped.TIME)), Conclusion.FAILURE, "finished", "30 minutes"),
        (facts(replace(GOOD, code=137, stopped=Stopped.MEMORY)), Conclusion.FAILURE, "finished", "2,048 MB"),
        (facts(setup=Attempt(3, 1.0)), Conclusion.FAILURE, "setup", "code 3"),
        (replace(facts(), run=None, not_fetched="gone"), Conclusion.ACTION_REQUIRED, "fetched", "gone"),
        (replace(facts(), run=None, not_run="broken"), Conclusion.ACTION_REQUIRED, "finished", "broken"),
        (replace(facts(), run=None, command=None), Conclusion.NEUTRAL, "command", "tests.command"),
        (replace(facts(), run=None, strength=Strength(Tier.NONE, "none here", "Do x.")), Conclusion.ACTION_REQUIRED,
         "allowed", "none here. Do x."),
        (replace(facts(), run=None, strength=Strength(Tier.USERNS, "weak"), stranger=True), Conclusion.ACTION_REQUIRED,
         "allowed", "strangers' code"),
        (replace(facts(GOOD), strength=Strength(Tier.USERNS, "weak")), Conclusion.SUCCESS, None, ""),
    ],
)  # fmt: skip
def test_the_first_violated_rule_is_the_blocker(
    given: Facts, conclusion: Conclusion, rule: str | None, said: str
) -> None:
    verdict = judge(given, POLICY)
    assert verdict.conclusion is conclusion
    assert (verdict.blocker.rule if verdict.blocker else None) == rule
    assert said in (verdict.blocker.reason if verdict.blocker else "")


def test_a_pytest_that_ends_with_0_and_writes_no_report_did_not_come_to_its_end() -> None:
    (pytest_,) = detect(Tree(("test_a.py",), {}))
    cut_short = replace(facts(), run=SuiteRun(pytest_, None, (Attempt(0, 1.0),)))
    verdict = judge(cut_short, POLICY)
    assert (verdict.conclusion, verdict.blocker and verdict.blocker.rule) == (Conclusion.FAILURE, "tests")
    assert "tests: pytest wrote no report, although it ended with code 0" in verdict.ruling.reason
    assert judge(replace(facts(), run=SuiteRun(pytest_, None, (GOOD,))), POLICY).conclusion is Conclusion.SUCCESS


@pytest.mark.parametrize("read", [GOOD, Attempt(0, 1.0)])
def test_a_report_that_nobody_could_read_may_tell_of_a_failure(read: Attempt) -> None:
    verdict = judge(facts(replace(read, unread=("b.xml: it is no XML",))), POLICY)
    assert verdict.conclusion is Conclusion.FAILURE
    assert "A report could not be read: b.xml: it is no XML." in verdict.ruling.reason


def test_a_program_that_is_not_there_is_named_with_what_would_help() -> None:
    nothing = judge(replace(facts(), run=None, command=None, absent=("there is go.mod, but …",)), POLICY)
    assert nothing.conclusion is Conclusion.NEUTRAL
    assert "Nothing was run: there is go.mod, but …. Make it readable there" in nothing.ruling.reason
    other = judge(replace(facts(GOOD), absent=("there is go.mod, but …",)), POLICY)
    assert other.conclusion is Conclusion.SUCCESS
    assert "Passed over: there is go.mod" in next(part.reason for part in other.ruling.parts if part.rule == "command")


def test_of_a_folder_its_own_configuration_counts_and_of_a_commit_the_default_branchs() -> None:
    nothing = replace(facts(), run=None, command=None)
    remedy = "set tests.command in .forgehand/config.yml"
    assert judge(nothing, POLICY).ruling.reason.endswith(f"{remedy} on the default branch.")
    assert judge(replace(nothing, sha=""), POLICY).ruling.reason.endswith(f"{remedy}.")


def test_a_flaky_test_is_named_and_does_not_fail_the_check() -> None:
    verdict = judge(
        facts(BAD, replace(BAD, code=0, cases=(Case("a", Outcome.PASSED), Case("b", Outcome.PASSED)))), POLICY
    )
    assert verdict.conclusion is Conclusion.SUCCESS
    assert [case.name for case in verdict.flaky] == ["a"]
    assert "`a`" in next(part.reason for part in verdict.ruling.parts if part.rule == "flaky")


@pytest.mark.parametrize("attempts", [(BAD, GOOD), (Attempt(1, 1.0), Attempt(0, 1.0))])
def test_where_the_policy_says_so_a_flaky_run_fails(attempts: tuple[Attempt, ...]) -> None:
    verdict = judge(facts(*attempts), replace(POLICY, flaky=Flaky.FAILS))
    assert (verdict.conclusion, verdict.blocker and verdict.blocker.rule) == (Conclusion.FAILURE, "flaky")
    assert "tests.flaky" in (verdict.blocker.reason if verdict.blocker else "")
    assert judge(facts(GOOD), replace(POLICY, flaky=Flaky.FAILS)).conclusion is Conclusion.SUCCESS


def test_a_command_that_never_ends_well_fails_though_each_test_passed_once_and_says_which_to_mend() -> None:
    other = replace(BAD, cases=(Case("a", Outcome.PASSED), Case("b", Outcome.FAILED)))
    verdict = judge(facts(BAD, other), POLICY)
    assert (verdict.conclusion, verdict.failures) == (Conclusion.FAILURE, ())
    assert verdict.blocker is not None
    assert verdict.blocker.reason.startswith("The command ended well in none of 2 runs, though no test failed in all")
    assert verdict.blocker.reason.endswith("`b` failed: make it steady, or raise tests.flaky_reruns.")
    assert judge(facts(BAD, other, GOOD), POLICY).conclusion is Conclusion.SUCCESS


def test_coverage_of_the_change_is_told_with_what_changed_in_all() -> None:
    covered = replace(GOOD, coverage=Coverage({"a.py": frozenset({1, 2, 3})}, {"a.py": frozenset({4})}))
    given = replace(facts(covered), changed=Changed(1, {"a.py": (4,)}), before=70.0)
    told = next(part.reason for part in judge(given, POLICY).ruling.parts if part.rule == "coverage")
    assert told == "Tests reach 50 % of the changed lines, 75 % in all (+5 against the base)."


def test_coverage_that_is_asked_for_and_too_low_or_absent_is_a_failure() -> None:
    covered = replace(GOOD, coverage=Coverage({"a.py": frozenset({1})}, {"a.py": frozenset({4})}))
    asking = replace(POLICY, min_diff_coverage=80)
    low = judge(replace(facts(covered), changed=Changed(1, {"a.py": (4,)})), asking)
    assert (low.conclusion, low.blocker and low.blocker.rule) == (Conclusion.FAILURE, "coverage")
    assert judge(facts(GOOD), asking).conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(
    ("changed", "hidden"),
    [
        (Changed(0, {}, unknown=("big.py",)), "`big.py`"),
        (Changed(9, {}, unknown=("big.py",), unlisted=1_200), "`big.py` and 1,200 other files"),
        (Changed(9, {}, unlisted=1_200), "1,200 other files"),
    ],
)
def test_changed_lines_that_nobody_knows_are_not_covered(changed: Changed, hidden: str) -> None:
    covered = replace(GOOD, coverage=Coverage({"big.py": frozenset({1})}))
    given = replace(facts(covered), changed=changed)
    asked = judge(given, replace(POLICY, min_diff_coverage=80))
    assert (asked.conclusion, asked.blocker and asked.blocker.rule) == (Conclusion.FAILURE, "coverage")
    assert f"GitHub does not show those of {hidden}: split" in asked.ruling.reason
    unasked = judge(given, POLICY)
    assert unasked.conclusion is Conclusion.SUCCESS
    assert f"those of {hidden} not counted" in unasked.ruling.parts[-1].reason


def test_of_much_that_was_left_out_the_first_is_named_and_the_rest_counted() -> None:
    left_out = {f"{number:02}-{'x' * 900}": "a submodule" for number in range(30)}
    fetched = judge(replace(facts(GOOD), left_out=left_out), POLICY).ruling.parts[0]
    assert fetched.state is State.SATISFIED
    assert fetched.reason.count("a submodule") == 10
    assert fetched.reason.endswith(" and 20 more.")
    assert len(fetched.reason) < 2000
