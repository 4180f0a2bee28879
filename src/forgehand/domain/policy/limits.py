"""How the policy in force is made: defaults, then the organization's file, then the repository's, then the operator's
limits, which a repository can narrow and never widen. Pure; called by `crafts.policies`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from forgehand.domain.modes import Mode
from forgehand.domain.policy.changes import differences, shown
from forgehand.domain.policy.globs import matches
from forgehand.domain.policy.rules import Rule
from forgehand.domain.policy.values import MergePolicy, RepositoryPolicy, ReviewPolicy, TestPolicy


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """The most that a repository may ask for, and the least that is asked of it."""

    mode: Mode = Mode.COMMENT_ONLY
    auto_merge: bool = True
    """Whether repositories may switch automatic merges on, where the mode lets us merge at all."""
    ignore_findings: bool = True
    """Whether repositories may leave files out of what the review tells."""
    tests: bool = True
    test_network: bool = False
    test_minutes: int = 60
    test_memory_mb: int = 8192
    approvals: int = 0
    protected_paths: tuple[str, ...] = (".github/**", ".forgehand/**", "dispatching.yml")


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of a file says: values by their keys (`merge.queue.most`), and rules."""

    values: tuple[tuple[str, Any], ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A valid file: what it says everywhere, and what only for bases that match a glob, in the order of the file."""

    everywhere: Section = field(default=Section())
    branches: tuple[tuple[str, Section], ...] = ()


NOTHING = PolicyFile()
"""A file that says nothing."""


def effective(
    operator: OperatorLimits, org: PolicyFile, repository: PolicyFile, base: str
) -> tuple[RepositoryPolicy, tuple[str, ...]]:
    """The policy in force for pull requests into `base`, and what was asked for that the operator does not allow."""
    sections = [section for file in (org, repository) for section in _applying(file, base)]
    asked = _said(sections)
    given = {key for section in sections for key, _ in section.values}
    return (allowed := narrowed(asked, operator)), tuple(_notes(asked, allowed, given))


def narrowed(policy: RepositoryPolicy, operator: OperatorLimits) -> RepositoryPolicy:
    """The policy within the operator's limits."""
    return replace(
        policy,
        review=_review(policy.review, operator),
        tests=_tests(policy.tests, operator),
        merge=_merge(policy.merge, operator),
    )


def _applying(file: PolicyFile, base: str) -> Iterator[Section]:
    yield file.everywhere
    yield from (section for glob, section in file.branches if matches(glob, base))


def _said(sections: Iterable[Section]) -> RepositoryPolicy:
    """Later sections override single keys of earlier ones, and rules of the same name."""
    policy, rules = RepositoryPolicy(), dict[str, Rule]()
    for section in sections:
        for key, value in section.values:
            policy = _with(policy, key.split("."), value)
        rules |= {rule.name: rule for rule in section.rules}
    return replace(policy, rules=tuple(rules.values()))


def _with(part: Any, path: list[str], value: Any) -> Any:
    name, *deeper = path
    return replace(part, **{name: _with(getattr(part, name), deeper, value) if deeper else value})


def _review(review: ReviewPolicy, operator: OperatorLimits) -> ReviewPolicy:
    return review if operator.ignore_findings else replace(review, ignore=())


def _tests(tests: TestPolicy, operator: OperatorLimits) -> TestPolicy:
    return replace(
        tests,
        enabled=tests.enabled and operator.tests,
        network=tests.network and operator.test_network,
        timeout_minutes=min(tests.timeout_minutes, operator.test_minutes),
        memory_mb=min(tests.memory_mb, operator.test_memory_mb),
    )


def _merge(merge: MergePolicy, operator: OperatorLimits) -> MergePolicy:
    applies = operator.mode is Mode.APPLY
    return replace(
        merge,
        auto=merge.auto and applies and operator.auto_merge,
        delete_branch=merge.delete_branch and applies,
        update_branch=merge.update_branch and applies,
        queue=replace(merge.queue, enabled=merge.queue.enabled and applies),
        approvals=max(merge.approvals, operator.approvals),
        protected_paths=tuple(dict.fromkeys((*operator.protected_paths, *merge.protected_paths))),
    )


def _notes(asked: RepositoryPolicy, allowed: RepositoryPolicy, given: set[str]) -> Iterator[str]:
    """One sentence for each key that somebody gave and the operator overruled. What the operator adds is no news."""
    for each in differences(asked, allowed):
        if each.key in given and each.key != "merge.protected_paths":
            yield f"{each.key}: {shown(each.before)} is asked for; the operator's limit makes it {shown(each.after)}."
