"""Each condition says what it found and what it expected, and never holds of what is unknown."""

from dataclasses import replace

import pytest
from hypothesis import given

from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import CheckFact, FileFact, Opinion, PullFacts, ReviewFact
from forgehand.domain.policy import rules as r
from forgehand.domain.policy.conditions import holds
from forgehand.domain.rulings import State
from support.policies import conditions, pull_facts

WRITE = Permission.WRITE
PULL = PullFacts(
    author="dev",
    base="main",
    head="feature/cart",
    title="feat: add a sum",
    body="Closes #7",
    author_permission=Permission.READ,
    labels=("Ready", "size/L"),
    files=(FileFact("src/cart.py", 120, 30), FileFact("docs/new.md", 1, 1, "docs/old.md")),
    checks=(
        CheckFact("unit", CheckState.PASSED),
        CheckFact("lint / ruff", CheckState.FAILED),
        CheckFact("slow", CheckState.PENDING),
    ),
    reviews=(
        ReviewFact("ann", Opinion.APPROVED, WRITE),
        ReviewFact("ben", Opinion.APPROVED, Permission.READ),
        ReviewFact("dev", Opinion.APPROVED, WRITE),
        ReviewFact("eve", Opinion.CHANGES_REQUESTED, Permission.ADMIN),
    ),
)

HOLDS: list[r.Condition] = [
    r.Files(r.Choice(any=("src/**",))),
    r.Files(r.Choice(all=("src/**", "docs/**"))),
    r.Files(r.Choice(none=(".github/**",))),
    r.Files(r.Choice(any=("docs/old.md",))),
    r.Labels(r.Choice(any=("ready", "wip"))),
    r.Labels(r.Choice(all=("ready", "size/*"), none=("wip",))),
    r.Author(logins=("d*",), permission=Permission.READ, bot=False, fork=False),
    r.Base(("main", "release/*")),
    r.Head(("feature/**",)),
    r.Draft(False),
    r.Checks(passed=("unit",)),
    r.Reviews(approvals=1),
    r.Reviews(approvals=2, permission=Permission.READ),
    r.Size(max_files=2, max_lines=152, min_lines=152),
    r.Title(r.Choice(any=("feat*:*", "fix*:*"))),
    r.Body(r.Choice(all=("*#7*",), none=("*secret*",))),
    r.AnyOf((r.Draft(True), r.Base(("main",)))),
    r.Not(r.Draft(True)),
]


@pytest.mark.parametrize("condition", HOLDS, ids=str)
def test_it_holds(condition: r.Condition) -> None:
    assert holds(condition, PULL).state is State.SATISFIED


VIOLATED: list[tuple[r.Condition, str]] = [
    (r.Files(r.Choice(any=("lib/**", "tests/**"))), "No changed file matches; expected lib/** or tests/**."),
    (r.Files(r.Choice(all=("src/**",))), "docs/new.md and docs/old.md changed; expected only src/**."),
    (r.Files(r.Choice(none=("**/*.py",))), "src/cart.py changed; expected none of **/*.py."),
    (r.Labels(r.Choice(any=("wip",))), "The labels are Ready, size/L; expected wip."),
    (r.Labels(r.Choice(all=("ready", "reviewed"))), "The labels are Ready, size/L; expected reviewed."),
    (r.Labels(r.Choice(none=("size/*",))), "The labels are Ready, size/L; expected none like size/*."),
    (r.Author(logins=("ann", "ben")), "The author is dev; expected ann or ben."),
    (r.Author(permission=WRITE), "dev has the permission read; expected at least write."),
    (r.Author(bot=True), "The author is a person; expected an App."),
    (r.Author(fork=True), "The branch lives in this repository; expected a fork."),
    (r.Base(("release/*",)), "The base is main; expected release/*."),
    (r.Draft(True), "The pull request is no draft; expected a draft."),
    (r.Checks(passed=("lint*",)), "lint / ruff failed; expected passed."),
    (r.Checks(all_passed=True), "lint / ruff failed; expected passed."),
    (
        r.Reviews(approvals=2),
        "1 approval of the present head, by ann; expected 2 by people with at least write permission.",
    ),
    (
        r.Reviews(approvals=1, by=("lead",)),
        "0 approvals of the present head; expected 1 by lead, people with at least write permission.",
    ),
    (
        r.Reviews(no_changes_requested=True),
        "eve requested changes; expected nobody of people with at least write permission.",
    ),
    (r.Size(max_lines=100), "The change has 152 lines; expected at most 100."),
    (r.Size(min_files=3, max_files=9), "The change has 2 files; expected at least 3 and at most 9."),
    (r.Title(r.Choice(any=("fix:*",))), "The title is feat: add a sum; expected fix:*."),
    (r.Body(r.Choice(none=("closes*",))), "The description is Closes #7; expected none like closes*."),
    (r.Not(r.Base(("main",))), "The base is main. Expected otherwise."),
    (
        r.AnyOf((r.Draft(True), r.Base(("release/*",)))),
        "The pull request is no draft; expected a draft. The base is main; expected release/*.",
    ),
]


@pytest.mark.parametrize(("condition", "reason"), VIOLATED, ids=str)
def test_it_does_not_hold_and_says_what_was_expected(condition: r.Condition, reason: str) -> None:
    ruling = holds(condition, PULL)
    assert (ruling.state, ruling.reason) == (State.VIOLATED, reason)


NOT_YET: list[tuple[r.Condition, PullFacts, str]] = [
    (r.Checks(passed=("slow",)), PULL, "slow has not ended yet."),
    (r.Checks(passed=("deploy",)), PULL, "No check named deploy has reported yet."),
    (r.Checks(all_passed=True), replace(PULL, checks=()), "No check has reported yet."),
    (r.Checks(passed=("unit",)), replace(PULL, checks=None), "The checks are not known."),
    (r.Files(r.Choice(none=("x",))), replace(PULL, files=None), "The changed files are not known."),
    (r.Size(max_lines=1), replace(PULL, files=None), "The changed files are not known."),
    (r.Author(permission=WRITE), replace(PULL, author_permission=None), "What dev may do here is not known."),
    (r.Reviews(approvals=1), replace(PULL, reviews=None), "The reviews are not known."),
    (
        r.Files(r.Choice(none=("lib/**",))),
        replace(PULL, files_complete=False),
        "There are more files than GitHub lists; among those that it does: No changed file matches lib/**.",
    ),
    (
        r.Reviews(approvals=1),
        replace(PULL, reviews=(ReviewFact("ann", Opinion.APPROVED),)),
        (
            "0 approvals of the present head; expected 1 by people with at least write permission. "
            "What ann may do here is not known."
        ),
    ),
]


@pytest.mark.parametrize(("condition", "facts", "reason"), NOT_YET, ids=lambda each: str(each)[:60])
def test_what_nobody_knows_is_not_yet_said(condition: r.Condition, facts: PullFacts, reason: str) -> None:
    for either in (condition, r.Not(condition)):
        ruling = holds(either, facts)
        assert (ruling.state, ruling.reason) == (State.PENDING, reason)


def test_what_is_listed_can_be_enough_where_not_everything_is() -> None:
    partly = replace(PULL, files_complete=False)
    assert holds(r.Files(r.Choice(any=("src/**",))), partly).state is State.SATISFIED
    assert holds(r.Files(r.Choice(none=("src/**",))), partly).state is State.VIOLATED
    assert holds(r.Size(max_lines=100), partly).state is State.VIOLATED
    assert holds(r.Size(min_lines=100), partly).state is State.SATISFIED


def test_only_the_last_opinion_counts_and_a_comment_takes_back_nothing() -> None:
    def after(*opinions: Opinion) -> State:
        said = tuple(ReviewFact("ann", opinion, WRITE) for opinion in opinions)
        return holds(r.Reviews(approvals=1, no_changes_requested=True), replace(PULL, reviews=said)).state

    assert after(Opinion.CHANGES_REQUESTED, Opinion.APPROVED, Opinion.COMMENTED) is State.SATISFIED
    assert after(Opinion.APPROVED, Opinion.CHANGES_REQUESTED) is State.VIOLATED
    assert after(Opinion.APPROVED, Opinion.DISMISSED) is State.VIOLATED


def test_an_approval_of_an_earlier_head_counts_no_more() -> None:
    stale = (ReviewFact("ann", Opinion.APPROVED, WRITE, current=False),)
    assert holds(r.Reviews(approvals=1), replace(PULL, reviews=stale)).state is State.VIOLATED


def blank(facts: PullFacts) -> PullFacts:
    """The same pull request, of which less is known."""
    reviews = facts.reviews and tuple(replace(review, permission=None) for review in facts.reviews)
    files = facts.files and facts.files[:1]
    return replace(facts, author_permission=None, files=files, files_complete=False, reviews=reviews)


@given(conditions(), pull_facts())
def test_what_is_said_despite_something_unknown_stays_true_when_it_becomes_known(
    condition: r.Condition, facts: PullFacts
) -> None:
    for less in (blank(facts), replace(blank(facts), files=None, checks=None, reviews=None)):
        assert holds(condition, less).state in (State.PENDING, holds(condition, facts).state)


@given(conditions(), pull_facts())
def test_what_does_not_hold_holds_when_it_is_denied(condition: r.Condition, facts: PullFacts) -> None:
    opposite = {State.SATISFIED: State.VIOLATED, State.VIOLATED: State.SATISFIED, State.PENDING: State.PENDING}
    assert holds(r.Not(condition), facts).state is opposite[holds(condition, facts).state]


@given(conditions(), pull_facts())
def test_every_reason_is_a_sentence_of_its_own(condition: r.Condition, facts: PullFacts) -> None:
    assert holds(condition, facts).reason.endswith(".")
