"""Rules judge a pull request; the order in which they stand changes no outcome."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import (
    FileFact,
    Goes,
    MergePolicy,
    Opinion,
    Priority,
    PullFacts,
    QueuePolicy,
    RepositoryPolicy,
    ReviewFact,
    Rule,
    judge,
    judge_automatic_merge,
    judge_policy,
    queue_priority,
)
from forgehand.domain.policy import rules as r
from forgehand.domain.rulings import Ruling, State
from support.policies import pull_facts, rules

PULL = PullFacts(
    "dev",
    "main",
    "feature",
    author_permission=Permission.WRITE,
    files=(FileFact("pay/sum.py", 10, 2),),
    checks=(),
    reviews=(ReviewFact("ann", Opinion.APPROVED, Permission.WRITE),),
)
PAYMENTS = Rule(
    "payments",
    r.Reviews(approvals=2),
    when=r.Files(r.Choice(any=("pay/**",))),
    says="Two people look at payments.",
)


def test_a_rule_that_is_violated_says_why_it_is_there() -> None:
    ruling = judge(PAYMENTS, PULL)
    assert ruling.state is State.VIOLATED
    assert ruling.reason == (
        "Two people look at payments. 1 approval of the present head, by ann; "
        "expected 2 by people with at least write permission."
    )
    assert [part.state for part in ruling.parts] == [State.SATISFIED, State.VIOLATED]


def test_a_rule_whose_condition_does_not_hold_does_not_apply() -> None:
    ruling = judge(PAYMENTS, replace(PULL, files=(FileFact("README.md"),)))
    assert (ruling.state, ruling.reason) == (State.NOT_APPLICABLE, "No changed file matches; expected pay/**.")


def test_a_rule_that_may_apply_waits_unless_it_is_satisfied_anyway() -> None:
    unknown = replace(PULL, files=None)
    assert judge(PAYMENTS, unknown).state is State.PENDING
    assert judge(PAYMENTS, unknown).reason.startswith("Whether this applies cannot be said yet.")
    assert judge(replace(PAYMENTS, require=r.Reviews(approvals=1)), unknown).state is State.SATISFIED


def test_a_policy_without_wishes_is_satisfied() -> None:
    root = judge_policy(RepositoryPolicy(), PULL)
    assert root == Ruling("policy", State.SATISFIED, "The policy asks for nothing more.")


def test_what_the_section_merge_asks_is_judged_like_rules() -> None:
    merge = MergePolicy(
        hold_labels=("do not merge",), require_labels=("reviewed",), approvals=1, max_files=3, max_lines=10
    )
    root = judge_policy(RepositoryPolicy(merge=merge), replace(PULL, labels=("Do Not Merge",)))
    assert [(part.rule, part.state) for part in root.parts] == [
        ("hold labels", State.VIOLATED),
        ("required labels", State.VIOLATED),
        ("approvals", State.SATISFIED),
        ("size", State.VIOLATED),
    ]
    assert root.costs is Conclusion.ACTION_REQUIRED
    assert root.reason.startswith("hold labels: A label holds this back.")


def test_the_first_that_applies_says_who_goes_first_in_the_queue() -> None:
    def labelled(*labels: str) -> int:
        return queue_priority(policy, replace(PULL, files=None, labels=labels))

    touches = Priority(r.Files(r.Choice(any=("pay/**",))), Goes.FIRST)
    hotfix = Priority(r.Labels(r.Choice(any=("hotfix",))), Goes.FIRST)
    later = Priority(r.Labels(r.Choice(any=("later", "hotfix"))), Goes.LAST)
    policy = QueuePolicy(priority=(touches, hotfix, later))
    assert [labelled(), labelled("hotfix"), labelled("later")] == [0, 1, -1]
    assert queue_priority(policy, PULL) == 1


def test_a_violation_comes_before_what_is_not_yet_known() -> None:
    policy = RepositoryPolicy(rules=(Rule("ci", r.Checks(all_passed=True)), Rule("ready", r.Draft(False))))
    assert judge_policy(policy, PULL).state is State.PENDING
    assert judge_policy(policy, replace(PULL, draft=True)).reason.startswith("ready: ")


def test_we_merge_by_ourselves_only_what_is_switched_on_trusted_and_unprotected() -> None:
    policy = RepositoryPolicy(merge=MergePolicy(auto=True, protected_paths=(".github/**",)))
    workflow = replace(PULL, files=(FileFact(".github/workflows/ci.yml"),))
    assert judge_automatic_merge(policy, PULL).state is State.SATISFIED
    for policy_then, facts, blocker in (
        (policy, workflow, "protected paths"),
        (policy, replace(PULL, fork=True), "trusted author"),
        (policy, replace(PULL, author_permission=Permission.TRIAGE), "trusted author"),
    ):
        root = judge_automatic_merge(policy_then, facts)
        assert (root.state, root.costs) == (State.VIOLATED, Conclusion.NEUTRAL)
        assert root.reason.startswith(f"{blocker}: ")
    assert judge_automatic_merge(policy, replace(PULL, author_permission=None)).state is State.PENDING


def test_a_merge_that_is_switched_off_is_not_violated_and_not_satisfied_either() -> None:
    for facts in (PULL, replace(PULL, fork=True), replace(PULL, author_permission=None)):
        root = judge_automatic_merge(RepositoryPolicy(), facts)
        assert (root.state, root.reason) == (State.SWITCHED_OFF, "switch: merge.auto is false: a person merges.")


@given(st.lists(rules(), max_size=4), pull_facts(), st.randoms())
def test_the_order_of_rules_changes_no_outcome(given_rules: list[Rule], facts: PullFacts, chance: object) -> None:
    shuffled = list(given_rules)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    roots = [judge_policy(RepositoryPolicy(rules=tuple(each)), facts) for each in (given_rules, shuffled)]
    assert roots[0].state is roots[1].state
    assert set(roots[0].parts) == set(roots[1].parts)


@given(rules())
def test_of_a_pull_request_of_which_nothing_was_read_no_rule_about_that_holds(rule: Rule) -> None:
    """`require` is the only way to be satisfied, and it is not by what nobody knows."""
    unread = PullFacts("dev", "main", "feature")
    asks = r.AllOf((rule.require, r.Checks(all_passed=True)))
    assert judge(replace(rule, require=asks), unread).state is not State.SATISFIED
