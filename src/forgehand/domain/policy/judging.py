"""The judgement: a policy and the facts of a pull request in, rulings out. Pure.

Called by the decision about a pull request, and by `forgehand policy` for trying a policy out. A rule whose condition
does not apply says so, and is left out of what people read.
"""

from dataclasses import replace

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import rules as r
from forgehand.domain.policy.conditions import holds
from forgehand.domain.policy.facts import PullFacts
from forgehand.domain.policy.values import Goes, MergePolicy, QueuePolicy, RepositoryPolicy
from forgehand.domain.rulings import FORBIDDING, Ruling, State, first


def judge(rule: r.Rule, facts: PullFacts) -> Ruling:
    """What one rule says of a pull request."""
    when = None if rule.when is None else holds(rule.when, facts)
    if when and when.state is State.VIOLATED:
        return Ruling(rule.name, State.NOT_APPLICABLE, when.reason)
    require = holds(rule.require, facts)
    parts = (when, require) if when else (require,)
    if when and when.state is State.PENDING and require.state is not State.SATISFIED:
        reason = f"Whether this applies cannot be said yet. {when.reason}"
        return Ruling(rule.name, State.PENDING, reason, parts=parts)
    says = f"{rule.says} " if rule.says and require.state is not State.SATISFIED else ""
    return Ruling(rule.name, require.state, f"{says}{require.reason}", parts=parts)


def judge_policy(policy: RepositoryPolicy, facts: PullFacts) -> Ruling:
    """What a policy asks of a pull request, whoever merges it. Every rule is judged, so the order of rules decides only
    which of several blockers is named first."""
    asked = [_judged(rule, costs, facts) for rule, costs in _merge_rules(policy.merge)]
    return _root(
        "policy", (*asked, *(judge(rule, facts) for rule in policy.rules)), "The policy asks for nothing more."
    )


def judge_automatic_merge(policy: RepositoryPolicy, facts: PullFacts) -> Ruling:
    """Whether we may merge without being asked, as far as policy goes. What stands in the way here stands in no
    person's way, so it fails no check."""
    switch = (
        Ruling("switch", State.SATISFIED, "merge.auto is true.")
        if policy.merge.auto
        else Ruling("switch", State.SWITCHED_OFF, "merge.auto is false: a person merges.", Conclusion.NEUTRAL)
    )
    rules = [r.Rule("trusted author", r.Author(permission=Permission.WRITE, fork=False))]
    if policy.merge.protected_paths:
        says = "A person has to merge this."
        rules.append(r.Rule("protected paths", r.Files(r.Choice(none=policy.merge.protected_paths)), says=says))
    rulings = (_judged(rule, Conclusion.NEUTRAL, facts) for rule in rules)
    return _root("automatic merge", (switch, *rulings), "We may merge it.")


def queue_priority(policy: QueuePolicy, facts: PullFacts) -> int:
    """How a pull request goes before others in the merge queue: a higher one first. What nobody can say yet does not
    apply."""
    goes = (each.goes for each in policy.priority if holds(each.when, facts).state is State.SATISFIED)
    return _PRIORITIES[next(goes, Goes.NORMAL)]


_PRIORITIES = {Goes.FIRST: 1, Goes.NORMAL: 0, Goes.LAST: -1}


def _merge_rules(merge: MergePolicy) -> list[tuple[r.Rule, Conclusion]]:
    """What the section `merge` asks for, as rules."""
    asked: list[tuple[r.Rule, Conclusion]] = []
    if merge.hold_labels:
        rule = r.Rule("hold labels", r.Labels(r.Choice(none=merge.hold_labels)), says="A label holds this back.")
        asked.append((rule, Conclusion.ACTION_REQUIRED))
    if merge.require_labels:
        rule = r.Rule("required labels", r.Labels(r.Choice(all=merge.require_labels)))
        asked.append((rule, Conclusion.ACTION_REQUIRED))
    if merge.approvals:
        rule = r.Rule("approvals", r.Reviews(approvals=merge.approvals, no_changes_requested=True))
        asked.append((rule, Conclusion.ACTION_REQUIRED))
    if merge.max_files is not None or merge.max_lines is not None:
        rule = r.Rule("size", r.Size(max_files=merge.max_files, max_lines=merge.max_lines))
        asked.append((rule, Conclusion.FAILURE))
    return asked


def _judged(rule: r.Rule, costs: Conclusion, facts: PullFacts) -> Ruling:
    return replace(judge(rule, facts), costs=costs)


def _root(name: str, rulings: tuple[Ruling, ...], well: str) -> Ruling:
    blocker = first(rulings, *FORBIDDING) or first(rulings, State.PENDING)
    if blocker is None:
        return Ruling(name, State.SATISFIED, well, parts=rulings)
    return Ruling(name, blocker.state, f"{blocker.rule}: {blocker.reason}", blocker.costs, rulings)
