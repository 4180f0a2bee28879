"""Two policies differ in keys that the file knows."""

from dataclasses import replace

from forgehand.domain.policy import Goes, MergePolicy, Priority, QueuePolicy, RepositoryPolicy, Rule
from forgehand.domain.policy import rules as r
from forgehand.domain.policy.changes import differences

BEFORE = RepositoryPolicy(rules=(Rule("ci", r.Checks(all_passed=True)),))


def test_equal_policies_have_no_difference() -> None:
    assert differences(BEFORE, BEFORE) == ()


def test_every_other_value_is_told_with_the_one_before() -> None:
    queue = QueuePolicy(most=3, priority=(Priority(r.Draft(False), Goes.LAST),))
    merge = MergePolicy(auto=True, require_labels=("ready", "small"), max_lines=400, queue=queue)
    after = replace(BEFORE, merge=merge, rules=(Rule("ready", r.Draft(False)),))
    assert [str(each) for each in differences(BEFORE, after)] == [
        "merge.auto: false → true",
        "merge.require_labels: nothing → ready, small",
        "merge.max_lines: nothing → 400",
        "merge.queue.most: 5 → 3",
        "merge.queue.priority: nothing → some go last",
        "rule “ci”: a rule → nothing",
        "rule “ready”: nothing → a rule",
    ]


def test_a_rule_that_now_asks_something_else_is_told() -> None:
    after = replace(BEFORE, rules=(Rule("ci", r.Checks(passed=("unit",))),))
    assert [each.key for each in differences(BEFORE, after)] == ["rule “ci”"]
