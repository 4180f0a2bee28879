"""Strategies for policies and what they judge, for the property tests."""

from hypothesis import strategies as st

from forgehand.domain.checks import CheckState
from forgehand.domain.effects.merge import MergeMethod
from forgehand.domain.findings import Severity
from forgehand.domain.modes import Mode
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import (
    CheckFact,
    FileFact,
    OperatorLimits,
    Opinion,
    PolicyFile,
    PullFacts,
    ReviewFact,
    Rule,
    Section,
)
from forgehand.domain.policy import rules as r

PATHS = st.sampled_from(("README.md", "docs/guide.md", "src/cart.py", "src/deep/sum.py", ".github/workflows/ci.yml"))
PEOPLE = st.sampled_from(("dev", "ann", "ben", "bot[bot]"))
BRANCHES = st.sampled_from(("main", "release/1.0", "feature/cart"))
CHECKS = st.sampled_from(("unit", "lint", "Forgehand tests"))
LABELS = st.sampled_from(("wip", "do not merge", "ready", "size/L"))
TEXTS = st.sampled_from(("", "feat: add a sum", "fix: the sum", "Closes #7"))
COUNTS = st.integers(0, 900)

_files = st.builds(FileFact, PATHS, COUNTS, COUNTS, st.none() | PATHS)
_checks = st.builds(CheckFact, CHECKS, st.sampled_from(CheckState))
_reviews = st.builds(
    ReviewFact, PEOPLE, st.sampled_from(Opinion), st.none() | st.sampled_from(Permission), st.booleans()
)


def pull_facts() -> st.SearchStrategy[PullFacts]:
    return st.builds(
        PullFacts,
        author=PEOPLE,
        base=BRANCHES,
        head=BRANCHES,
        title=TEXTS,
        body=TEXTS,
        draft=st.booleans(),
        author_is_bot=st.booleans(),
        author_permission=st.none() | st.sampled_from(Permission),
        fork=st.booleans(),
        labels=st.lists(LABELS, max_size=3, unique=True).map(tuple),
        files=st.none() | st.lists(_files, max_size=4).map(tuple),
        files_complete=st.booleans(),
        checks=st.none() | st.lists(_checks, max_size=3).map(tuple),
        reviews=st.none() | st.lists(_reviews, max_size=4).map(tuple),
    )


GLOBS = st.sampled_from(("docs/**", "**/*.py", "src/**", "**", ".github/**", "README.md"))
BRANCH_GLOBS = st.sampled_from(("main", "release/*", "**"))
WILDCARDS = st.sampled_from(("dev", "a*", "*", "unit", "lint", "wip", "ready", "feat:*", "*sum*", "none such"))
LIMITS = st.none() | st.integers(0, 1800)


def _some(patterns: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(patterns, min_size=least, max_size=2).map(tuple)


def _choices(patterns: st.SearchStrategy[str]) -> st.SearchStrategy[r.Choice]:
    return st.builds(r.Choice, _some(patterns), _some(patterns), _some(patterns)).filter(
        lambda choice: bool(choice.any or choice.all or choice.none)
    )


_simple: st.SearchStrategy[r.Condition] = st.one_of(
    st.builds(r.Files, _choices(GLOBS)),
    st.builds(r.Labels, _choices(WILDCARDS)),
    st.builds(r.Author, _some(WILDCARDS), st.none() | st.sampled_from(Permission), st.none() | st.booleans()),
    st.builds(r.Base, _some(BRANCH_GLOBS, 1)),
    st.builds(r.Draft, st.booleans()),
    st.builds(r.Checks, _some(WILDCARDS, 1), st.booleans()),
    st.builds(r.Reviews, st.integers(0, 2), st.sampled_from(Permission), _some(WILDCARDS), st.booleans()),
    st.builds(r.Size, LIMITS, LIMITS, LIMITS, LIMITS),
    st.builds(r.Title, _choices(WILDCARDS)),
)


def conditions() -> st.SearchStrategy[r.Condition]:
    return st.recursive(
        _simple,
        lambda inner: st.one_of(
            st.builds(r.AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
            st.builds(r.AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
            st.builds(r.Not, inner),
        ),
        max_leaves=6,
    )


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(Rule, st.sampled_from(("a", "b", "c", "d")), conditions(), st.none() | conditions())


_VALUES: dict[str, st.SearchStrategy[object]] = {
    "review.max_findings": st.integers(1, 25),
    "review.blocking": st.sampled_from(Severity),
    "review.ignore": _some(GLOBS),
    "tests.enabled": st.booleans(),
    "tests.network": st.booleans(),
    "tests.timeout_minutes": st.integers(1, 600),
    "tests.memory_mb": st.integers(64, 65536),
    "merge.auto": st.booleans(),
    "merge.method": st.sampled_from(MergeMethod),
    "merge.delete_branch": st.booleans(),
    "merge.update_branch": st.booleans(),
    "merge.approvals": st.integers(0, 6),
    "merge.protected_paths": _some(GLOBS),
    "merge.queue.enabled": st.booleans(),
}


def sections() -> st.SearchStrategy[Section]:
    values = st.fixed_dictionaries({}, optional=_VALUES).map(lambda given: tuple(given.items()))
    return st.builds(Section, values, st.lists(rules(), max_size=2).map(tuple))


def policy_files() -> st.SearchStrategy[PolicyFile]:
    branches = st.lists(st.tuples(BRANCH_GLOBS, sections()), max_size=2).map(tuple)
    return st.builds(PolicyFile, sections(), branches)


def operator_limits() -> st.SearchStrategy[OperatorLimits]:
    return st.builds(
        OperatorLimits,
        mode=st.sampled_from(Mode),
        auto_merge=st.booleans(),
        ignore_findings=st.booleans(),
        tests=st.booleans(),
        test_network=st.booleans(),
        test_minutes=st.integers(1, 120),
        test_memory_mb=st.integers(64, 16384),
        approvals=st.integers(0, 3),
        protected_paths=_some(GLOBS),
    )
