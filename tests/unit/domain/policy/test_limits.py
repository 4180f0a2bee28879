"""A repository narrows what the operator allows; nothing that it says widens it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.effects.merge import MergeMethod
from forgehand.domain.modes import Mode
from forgehand.domain.policy import OperatorLimits, PolicyFile, RepositoryPolicy, Rule, Section, effective
from forgehand.domain.policy import rules as r
from forgehand.domain.policy.changes import differences
from forgehand.domain.policy.limits import NOTHING, narrowed
from support.policies import operator_limits, policy_files

APPLY = OperatorLimits(mode=Mode.APPLY)


def says(*values: tuple[str, object], rules: tuple[Rule, ...] = ()) -> PolicyFile:
    return PolicyFile(Section(values, rules))


def test_without_files_the_defaults_hold_and_workflows_are_protected() -> None:
    policy, notes = effective(OperatorLimits(), NOTHING, NOTHING, "main")
    assert [each.key for each in differences(RepositoryPolicy(), policy)] == ["merge.protected_paths"]
    assert policy.merge.protected_paths == (".github/**", ".forgehand/**", "dispatching.yml")
    assert notes == ()


def test_the_repository_overrides_the_organization_key_by_key() -> None:
    org = says(("merge.method", MergeMethod.REBASE), ("merge.approvals", 2))
    policy, _ = effective(APPLY, org, says(("merge.approvals", 1)), "main")
    assert (policy.merge.method, policy.merge.approvals) == (MergeMethod.REBASE, 1)


def test_a_section_for_a_branch_overrides_what_holds_everywhere() -> None:
    file = PolicyFile(
        Section((("merge.auto", True),)),
        (("release/*", Section((("merge.auto", False),))), ("release/1", Section((("merge.approvals", 2),)))),
    )
    assert effective(APPLY, NOTHING, file, "main")[0].merge.auto is True
    merge = effective(APPLY, NOTHING, file, "release/1")[0].merge
    assert (merge.auto, merge.approvals) == (False, 2)


def test_rules_add_up_and_one_of_the_same_name_takes_the_place_of_the_other() -> None:
    org = says(rules=(Rule("ci", r.Checks(all_passed=True)), Rule("ready", r.Draft(False))))
    file = says(rules=(Rule("ci", r.Checks(passed=("unit",))), Rule("small", r.Size(max_lines=400))))
    rules = effective(APPLY, org, file, "main")[0].rules
    assert [rule.name for rule in rules] == ["ci", "ready", "small"]
    assert rules[0].require == r.Checks(passed=("unit",))


@pytest.mark.parametrize(
    ("operator", "asked", "note"),
    [
        (
            OperatorLimits(),
            ("merge.auto", True),
            "merge.auto: true is asked for; the operator's limit makes it false.",
        ),
        (
            APPLY,
            ("tests.network", True),
            "tests.network: true is asked for; the operator's limit makes it false.",
        ),
        (
            APPLY,
            ("tests.timeout_minutes", 90),
            "tests.timeout_minutes: 90 is asked for; the operator's limit makes it 60.",
        ),
        (
            OperatorLimits(approvals=2),
            ("merge.approvals", 1),
            "merge.approvals: 1 is asked for; the operator's limit makes it 2.",
        ),
        (
            OperatorLimits(ignore_findings=False),
            ("review.ignore", ("docs/**",)),
            "review.ignore: docs/** is asked for; the operator's limit makes it nothing.",
        ),
    ],
)
def test_what_the_operator_does_not_allow_is_said(
    operator: OperatorLimits, asked: tuple[str, object], note: str
) -> None:
    assert effective(operator, NOTHING, says(asked), "main")[1] == (note,)


@given(operator_limits(), policy_files(), policy_files(), st.sampled_from(("main", "release/1.0")))
def test_no_file_widens_what_the_operator_allows(
    operator: OperatorLimits, org: PolicyFile, file: PolicyFile, base: str
) -> None:
    policy, _ = effective(operator, org, file, base)
    merge, tests = policy.merge, policy.tests
    may_merge = operator.mode is Mode.APPLY
    assert not (merge.auto and not (may_merge and operator.auto_merge))
    assert may_merge or not (merge.queue.enabled or merge.delete_branch or merge.update_branch)
    assert set(operator.protected_paths) <= set(merge.protected_paths)
    assert merge.approvals >= operator.approvals
    assert not (tests.network and not operator.test_network)
    assert not (tests.enabled and not operator.tests)
    assert tests.timeout_minutes <= operator.test_minutes
    assert tests.memory_mb <= operator.test_memory_mb
    assert operator.ignore_findings or not policy.review.ignore


@given(operator_limits(), policy_files())
def test_what_is_within_the_limits_is_not_narrowed_again(operator: OperatorLimits, file: PolicyFile) -> None:
    policy, _ = effective(operator, NOTHING, file, "main")
    assert narrowed(policy, operator) == policy


@given(operator_limits(), policy_files())
def test_a_stricter_file_never_makes_a_looser_policy(operator: OperatorLimits, file: PolicyFile) -> None:
    """What a file asks for is in force, unless the operator's limit is stricter."""
    asked, _ = effective(OperatorLimits(mode=Mode.APPLY, test_network=True, protected_paths=()), NOTHING, file, "main")
    allowed, _ = effective(operator, NOTHING, file, "main")
    assert set(asked.merge.protected_paths) <= set(allowed.merge.protected_paths)
    assert asked.merge.approvals <= allowed.merge.approvals
    assert asked.rules == allowed.rules
