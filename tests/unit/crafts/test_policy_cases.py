"""Cases for a policy: read strictly, tried, and told where they differ."""

import pytest

from forgehand.crafts.policy_cases import read_cases, try_case
from forgehand.domain.policy import FileFact, MergePolicy, PolicyError, RepositoryPolicy, Rule
from forgehand.domain.policy import rules as r

POLICY = RepositoryPolicy(
    merge=MergePolicy(hold_labels=("wip",)),
    rules=(Rule("payments", r.Reviews(approvals=1), when=r.Files(r.Choice(any=("pay/**",)))),),
)
CASES = b"""
cases:
  - name: payments need somebody
    facts:
      files: [{path: pay/sum.py, additions: 3}]
      reviews: []
    expect: {verdict: violated, blocker: payments, rules: {hold labels: satisfied}}
  - name: documents do not
    facts: {files: [{path: README.md}], labels: [wip]}
    expect: {verdict: satisfied, rules: {payments: not applicable, paymints: satisfied}}
"""


def test_a_case_that_is_as_expected_has_no_misses() -> None:
    case = read_cases(CASES, "CASES.yml")[0]
    assert case.facts.files == (FileFact("pay/sum.py", 3),)
    assert try_case(case, POLICY).misses == ()


def test_a_case_that_is_not_says_what_was_expected_and_found() -> None:
    assert try_case(read_cases(CASES, "CASES.yml")[1], POLICY).misses == (
        "verdict: expected satisfied, found violated",
        "rule “paymints”: expected satisfied, found no such rule",
    )


def test_what_is_left_out_is_unknown() -> None:
    (case,) = read_cases(b"cases: [{name: a, expect: {verdict: not yet, blocker: payments}}]", "c.yml")
    assert try_case(case, POLICY).misses == ()


def test_a_mistake_in_the_cases_is_told_with_its_line() -> None:
    with pytest.raises(PolicyError) as refused:
        read_cases(b"cases:\n  - name: a\n    expect: {verdikt: satisfied}\n", "c.yml")
    assert str(refused.value).splitlines() == [
        "c.yml:3:13: “cases[1].expect.verdict” is missing here: add it",
        "c.yml:3:14: unknown key “cases[1].expect.verdikt”: did you mean “verdict”?",
    ]
