"""What a review policy tells of findings: secrets always, advice only where nobody muted it."""

from dataclasses import replace

from forgehand.domain.findings import SECRETS, Finding, Severity
from forgehand.domain.policy import ReviewPolicy

ADVICE = Finding("docs/a.py", 3, "todo", Severity.MINOR, "A TODO", "", "own")
FLAW = replace(ADVICE, rule="S602", severity=Severity.MAJOR)
SECRET = replace(FLAW, tool=SECRETS, rule="aws")


def test_by_default_everything_is_told_and_majors_block() -> None:
    policy = ReviewPolicy()
    assert all(map(policy.tells, (ADVICE, FLAW, SECRET)))
    assert [policy.blocks(each) for each in (ADVICE, FLAW)] == [False, True]


def test_advice_can_be_muted_and_a_flaw_cannot() -> None:
    policy = ReviewPolicy(mute=("todo", "S6*"))
    assert [policy.tells(each) for each in (ADVICE, FLAW, SECRET)] == [False, True, True]


def test_files_can_be_ignored_but_never_for_secrets() -> None:
    policy = ReviewPolicy(ignore=("docs/**",))
    assert [policy.tells(each) for each in (ADVICE, FLAW, SECRET)] == [False, False, True]
    assert policy.tells(replace(FLAW, path="src/a.py"))


def test_a_strict_policy_has_advice_block_too() -> None:
    assert ReviewPolicy(blocking=Severity.MINOR).blocks(ADVICE)
