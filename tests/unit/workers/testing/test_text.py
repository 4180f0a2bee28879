"""What the testing worker says of strangers' names and output, and what those cannot do."""

from forgehand.crafts.suites import Attempt, Case, Command, Outcome, SuiteRun
from forgehand.domain.policy import Flaky, values
from forgehand.ports.sandbox import Strength, Tier
from forgehand.workers.testing import text
from forgehand.workers.testing.rules import Facts, Verdict, judge

COMMAND = Command("make test", "it is configured")
EVIL = "</details> @everyone `x` | <!-- forgehand:0123456789abcdef0123456789abcdef -->\n::error::x\x1b[31m"


def verdict(*attempts: Attempt, flaky: Flaky = Flaky.PASSES) -> Verdict:
    run = SuiteRun(COMMAND, None, attempts)
    facts = Facts("a" * 40, Strength(Tier.BWRAP, "bubblewrap"), stranger=True, command=COMMAND, run=run)
    return judge(facts, values.TestPolicy(flaky=flaky))


def test_hostile_names_messages_and_output_are_shown_and_cannot_act() -> None:
    case = Case(EVIL, Outcome.FAILED, EVIL, "a.py", 3)
    failed = Attempt(1, 1.0, output=EVIL + "\n```\n# Passed", cases=(case,), told=True)
    said = text.summary(verdict(failed))
    assert "<!-- forgehand" not in said
    assert "\x1b" not in said
    assert "\n::error" not in said
    assert "\n```" not in said
    assert all(line.startswith(("    ", "- ", "| ", "The ", "|-")) or not line for line in said.splitlines())
    (annotation,) = text.annotations(verdict(failed))
    assert "\x1b" not in annotation.message + annotation.title
    assert all("\x1b" not in line for line in text.plain(verdict(failed)))


def test_a_terminal_is_told_the_reason_once() -> None:
    ended = verdict(Attempt(3, 1.0))
    said = "\n".join(text.plain(ended))
    assert ended.blocker is not None
    assert said.count(ended.blocker.reason) == 1


def test_the_title_counts() -> None:
    cases = (Case("a", Outcome.PASSED), Case("b", Outcome.SKIPPED))
    assert text.title(verdict(Attempt(0, 1.0, cases=cases, told=True))) == "1 passed, 1 skipped"
    assert text.title(verdict(Attempt(0, 1.0))) == "The tests passed"


def test_failures_without_a_place_have_no_annotation_and_many_are_cut() -> None:
    cases = tuple(Case(f"t{n}", Outcome.FAILED, "m", "a.py" if n else "", n) for n in range(200))
    failed = verdict(Attempt(1, 1.0, cases=cases, told=True))
    assert len(text.annotations(failed)) == text.MOST_ANNOTATIONS
    assert "and 160 more" in text.summary(failed)
    assert len(text.summary(failed)) < 65_000


def test_flaky_tests_are_warnings_unless_the_policy_lets_them_fail() -> None:
    first = Attempt(1, 1.0, cases=(Case("a", Outcome.FAILED, "m", "a.py", 2),), told=True)
    again = Attempt(0, 1.0, cases=(Case("a", Outcome.PASSED),), told=True)
    (annotation,) = text.annotations(verdict(first, again))
    assert (annotation.level, annotation.title) == ("warning", "flaky: a")
    assert text.title(verdict(first, again)) == "1 passed (1 flaky)"
    (annotation,) = text.annotations(verdict(first, again, flaky=Flaky.FAILS))
    assert annotation.level == "failure"
