"""What every pull request needs before it is called ready, in the order in which a person would ask.

One rule is one function. What nobody can say yet is PENDING, never a failure: GitHub works out mergeability only once
it is asked, and checks take their time.
"""

from collections.abc import Callable, Iterable

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.policy import RepositoryPolicy, judge_policy
from forgehand.domain.rulings import FORBIDDING, Ruling, State
from forgehand.workers.review.rules import checks, static
from forgehand.workers.review.rules.facts import Facts, pull_facts

Rule = Callable[[Facts, RepositoryPolicy], Ruling]
NOT_A_DRAFT = "not a draft"
_ALONE = ("open", NOT_A_DRAFT)
_WEIGHTIEST = (*_ALONE, "secrets", "configuration")
"""Rules by the names that their violations have."""


def in_the_way(rulings: Iterable[Ruling]) -> list[Ruling]:
    """What is violated or switched off, the weightiest first: a key that leaked cannot wait for tests, and a policy
    file that cannot be used would change every verdict. Of what is closed or a draft no more need be said."""
    forbidding = sorted((ruling for ruling in rulings if ruling.state in FORBIDDING), key=_weight)
    return forbidding[:1] if forbidding and forbidding[0].rule in _ALONE else forbidding


def _weight(ruling: Ruling) -> int:
    return _WEIGHTIEST.index(ruling.rule) if ruling.rule in _WEIGHTIEST else len(_WEIGHTIEST)


def is_open(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.pull.merged:
        return Ruling("open", State.VIOLATED, "The pull request is merged.", Conclusion.NEUTRAL)
    if facts.pull.state != "open":
        return Ruling("open", State.VIOLATED, "The pull request is closed.", Conclusion.NEUTRAL)
    return Ruling("open", State.SATISFIED, "The pull request is open.")


def not_a_draft(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.pull.draft:
        return Ruling(NOT_A_DRAFT, State.VIOLATED, "The pull request is a draft.", Conclusion.ACTION_REQUIRED)
    return Ruling(NOT_A_DRAFT, State.SATISFIED, "The pull request is ready for review.")


def no_conflicts(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    base = facts.pull.base_ref
    match facts.pull.mergeable:
        case True:
            return Ruling("merge conflicts", State.SATISFIED, "None.")
        case False:
            return Ruling("merge conflicts", State.VIOLATED, f"It conflicts with {base}: merge {base} into it.")
        case None:
            return Ruling(
                "merge conflicts", State.PENDING, f"GitHub has not worked out yet whether it merges into {base}."
            )


def tests(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    head, required = facts.pull.head_sha, facts.protection.checks
    return checks.checked(head, facts.checks, required, asked=policy.tests.enabled, until=facts.held_back)


def static_review(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.review is None:
        until = f": {facts.held_back}" if facts.held_back else ""
        return Ruling("static review", State.PENDING, f"{facts.pull.head_sha[:7]} has not been reviewed yet{until}.")
    return static.static_review(facts.review, policy.review)


def no_secrets(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.review is None:
        return Ruling("secrets", State.PENDING, f"{facts.pull.head_sha[:7]} has not been searched for secrets yet.")
    return static.no_secrets(facts.review, policy.review)


def complete(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    if facts.review is None:
        return Ruling("complete", State.PENDING, f"{facts.pull.head_sha[:7]} has not been read yet.")
    return static.complete(facts.review)


def policy_in_force(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """A policy that nobody can read is told where it is seen, even while the last valid one stands in. The change that
    mends it must not be held up by what it mends."""
    mends = facts.proposal is not None and facts.proposal.state is not State.VIOLATED
    problems = [each for each in facts.problems if not (mends and each.file in facts.paths)]
    if problems:
        others = f" And {static.count(len(problems) - 1, 'more problem')}." if problems[1:] else ""
        return Ruling("policy in force", State.VIOLATED, f"{problems[0].sentence}{others}", Conclusion.ACTION_REQUIRED)
    if facts.problems:
        return Ruling("policy in force", State.SATISFIED, f"The change mends {facts.problems[0].file}.")
    return Ruling("policy in force", State.SATISFIED, "It can be read.")


def policy_file(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """What the change makes of the policy: a file that cannot be used must not reach the default branch."""
    if facts.proposal is None:
        return Ruling("policy file", State.NOT_APPLICABLE, "The change does not touch the policy.")
    return facts.proposal


def own_rules(facts: Facts, policy: RepositoryPolicy) -> Ruling:
    """What the policy asks for by its own rules, whoever merges."""
    return judge_policy(policy, pull_facts(facts))


RULES: tuple[Rule, ...] = (
    is_open,
    not_a_draft,
    no_conflicts,
    tests,
    static_review,
    no_secrets,
    complete,
    policy_in_force,
    policy_file,
    own_rules,
)
