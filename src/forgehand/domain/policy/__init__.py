"""What a repository asks for before a pull request is merged: the values, the rule language, and the judgement.

`values` is the policy in force, `rules` the language, `facts` what is judged, `limits` how a repository narrows what
the operator allows. The file that says it is read by `crafts.policy_file`. The conditions of the language stay in
`rules`.
"""

from forgehand.domain.policy.facts import CheckFact, FileFact, Opinion, PullFacts, ReviewFact
from forgehand.domain.policy.judging import judge, judge_automatic_merge, judge_policy, queue_priority
from forgehand.domain.policy.limits import OperatorLimits, PolicyFile, Section, effective
from forgehand.domain.policy.problems import PolicyError, Problem
from forgehand.domain.policy.rules import Rule
from forgehand.domain.policy.values import (
    Flaky,
    Goes,
    MergePolicy,
    Priority,
    QueuePolicy,
    RepositoryPolicy,
    ReviewPolicy,
    TestPolicy,
)

__all__ = [
    "CheckFact",
    "FileFact",
    "Flaky",
    "Goes",
    "MergePolicy",
    "OperatorLimits",
    "Opinion",
    "PolicyError",
    "PolicyFile",
    "Priority",
    "Problem",
    "PullFacts",
    "QueuePolicy",
    "RepositoryPolicy",
    "ReviewFact",
    "ReviewPolicy",
    "Rule",
    "Section",
    "TestPolicy",
    "effective",
    "judge",
    "judge_automatic_merge",
    "judge_policy",
    "queue_priority",
]
