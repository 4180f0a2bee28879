"""What a pull request that is ready needs besides before a machine may merge it: branch protection's people, and the
limits that operator, policy and plain caution set. One rule is one function.

A person with write access who asks for the merge of one head by comment stands in for what is asked of the author and
of the paths; never for tests, protection, or a label that holds.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.followups import DISPATCHING
from forgehand.domain.modes import Power
from forgehand.domain.orders import NO_ORDERS
from forgehand.domain.policy import Opinion, RepositoryPolicy, ReviewFact, judge_automatic_merge
from forgehand.domain.policy.globs import any_matches
from forgehand.domain.rulings import FORBIDDING, Ruling, State, first
from forgehand.workers.review.rules import whole
from forgehand.workers.review.rules.facts import Facts, pull_facts
from forgehand.workers.review.rules.static import count

Rule = Callable[[Facts, RepositoryPolicy], Ruling]
UP_TO_DATE = "up to date"
POWERFUL = (
    ".github/workflows/**",
    ".github/actions/**",
    "**/action.yml",
    "**/action.yaml",
    ".forgehand/**",
    *DISPATCHING,
)
"""What runs with the repository's own powers, decides about merges or starts other repositories' workflows, once it is
merged."""


def no_objection(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """A person who may write and still asks for changes is heard, whatever protection asks."""
    objecting = [each.author for each in _opinions(facts) if each.opinion is Opinion.CHANGES_REQUESTED]
    if objecting:
        return Ruling("no objection", State.VIOLATED, f"{_and(objecting)} asked for changes.")
    return Ruling("no objection", State.SATISFIED, "Nobody who may write asks for changes.")


def approved(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """As branch protection counts: every approval that was not dismissed."""
    if not facts.protection.approvals:
        return Ruling("approvals", State.NOT_APPLICABLE, "Branch protection asks for no approval.")
    approving = [each.author for each in _opinions(facts) if each.opinion is Opinion.APPROVED]
    missing = facts.protection.approvals - len(approving)
    if missing > 0:
        return Ruling(
            "approvals", State.PENDING, f"It needs {count(missing, 'more approval')} by people who may write."
        )
    return Ruling("approvals", State.SATISFIED, f"Approved by {_and(approving)}.")


def allowed(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if not facts.operator.allows(Power.MERGE):
        why = "Forgehand only comments here (FORGEHAND_MODE=comment-only): a person merges it."
        return Ruling("allowed", State.SWITCHED_OFF, why, Conclusion.NEUTRAL)
    return Ruling("allowed", State.SATISFIED, "The operator lets Forgehand merge.")


def wanted(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """What policy asks before a merge that nobody asked for: the switch, the author, the paths."""
    if facts.asked_by:
        return Ruling("wanted", State.SATISFIED, f"{facts.asked_by} asked for this merge, and answers for it.")
    ruling = judge_automatic_merge(policy, pull_facts(facts))
    worst = first(ruling.parts, *FORBIDDING) or first(ruling.parts, State.PENDING)
    return Ruling("wanted", ruling.state, worst.reason if worst else ruling.reason, ruling.costs, ruling.parts)


def not_stopped(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.orders.stopped_by:
        return _no("not stopped", f"{facts.orders.stopped_by} stopped it; `/forgehand merge` lifts that.")
    return Ruling("not stopped", State.SATISFIED, "Nobody stopped it.")


def no_powerful_files(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    touched = [path for path in facts.paths if any_matches(POWERFUL, path)]
    if not touched:
        return Ruling("workflows", State.SATISFIED, "It edits no workflow or action and none of our configuration.")
    if facts.asked_by:
        return Ruling("workflows", State.SATISFIED, f"{facts.asked_by} answers for {touched[0]}.")
    others = f" and {count(len(touched) - 1, 'other')}" if len(touched) > 1 else ""
    return _no("workflows", f"It edits {touched[0]}{others}: such changes are never merged automatically.")


def tested(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """Nothing to test is no test passed."""
    if policy.merge.require_tests and whole.tests(facts, policy).state is State.NOT_APPLICABLE:
        reason = f"{whole.tests(facts, policy).reason} What was not tested is not merged automatically."
        return _no("tested", reason)
    return Ruling("tested", State.SATISFIED, "Its tests are as the policy asks.")


def up_to_date(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """What lands must be what was tested: the head must hold all of its base, or the queue tests both together."""
    base = facts.pull.base_ref
    if policy.merge.queue.enabled and facts.protection.strict:
        why = f"{base} requires branches to be up to date, which the merge queue cannot give: turn off one of the two."
        return _no(UP_TO_DATE, why)
    if policy.merge.queue.enabled:
        return Ruling(UP_TO_DATE, State.NOT_APPLICABLE, "The merge queue tests it with what lands before it.")
    if not facts.behind:
        return Ruling(UP_TO_DATE, State.SATISFIED, f"It holds all of {base}.")
    lacks = f"It lacks {count(facts.behind, 'commit')} of {base}"
    if policy.merge.update_branch and not facts.fork:
        if _hangs_on_an_order(facts, policy):
            why = f"{lacks}, and {facts.asked_by} asked for this head alone: update it, then ask for the new one."
            return _no(UP_TO_DATE, why)
        return Ruling(UP_TO_DATE, State.PENDING, f"{lacks}; its branch is to be updated and tested anew.")
    if facts.protection.strict:
        return _no(UP_TO_DATE, f"{lacks}, and {base} requires branches to be up to date: update it.")
    return _no(
        UP_TO_DATE, f"{lacks}: what would land was never tested. Update it, or turn on update_branch or the queue."
    )


def policy_known(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """Even the change that mends the policy is merged by a person: what the policy would ask of it is not known."""
    if facts.problems:
        return _no("policy known", f"{facts.problems[0].file} cannot be used: a person merges what mends it.")
    return Ruling("policy known", State.SATISFIED, "The policy can be read.")


def protection_known(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.protection.unreadable:
        return _no("protection known", f"What protects the branch is not known: {facts.protection.unreadable}")
    return Ruling("protection known", State.SATISFIED, "What protects the branch is known.")


def not_refused(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """A doomed attempt is not repeated for ever."""
    attempt = facts.attempt
    if attempt and attempt.why and (attempt.head_sha, attempt.base_sha) == (facts.pull.head_sha, facts.base_sha):
        again = "It is tried again once the head or the base changes."
        return _no("not refused", f"GitHub refused the merge: {attempt.why.rstrip('.')}. {again}")
    return Ruling("not refused", State.SATISFIED, "GitHub has not refused this merge.")


def not_thrown_out(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.place.thrown:
        return _no("queue", f"The merge queue threw it out: {facts.place.thrown}")
    if not policy.merge.queue.enabled:
        return Ruling("queue", State.NOT_APPLICABLE, "There is no merge queue.")
    return Ruling("queue", State.SATISFIED, "The merge queue takes it.")


PEOPLE: tuple[Rule, ...] = (no_objection, approved)
AUTOMATIC: tuple[Rule, ...] = (
    allowed,
    not_stopped,
    wanted,
    no_powerful_files,
    tested,
    policy_known,
    protection_known,
    not_refused,
    not_thrown_out,
    up_to_date,
)


def _hangs_on_an_order(facts: Facts, policy: RepositoryPolicy) -> bool:
    """Whether only a person's order for this very head lets it be merged: another head would be held back again."""
    unasked = replace(facts, orders=NO_ORDERS)
    states = {rule(unasked, policy).state for rule in (wanted, no_powerful_files)}
    return bool(facts.asked_by) and not states <= {State.SATISFIED, State.NOT_APPLICABLE}


def _no(rule: str, reason: str) -> Ruling:
    return Ruling(rule, State.VIOLATED, reason, Conclusion.NEUTRAL)


def _opinions(facts: Facts) -> list[ReviewFact]:
    """The last word of each person who may write, other than the author. A comment takes nothing back."""
    last: dict[str, ReviewFact] = {}
    for review in facts.reviews:
        if review.opinion is not Opinion.COMMENTED and review.author != facts.pull.author:
            last[review.author] = review
    return [each for each in last.values() if each.permission is not None and each.permission.writes]


def _and(names: Iterable[str]) -> str:
    return " and ".join(sorted(set(names)))
