"""Strategies for policies and what they judge, for the property tests."""

from hypothesis import strategies as st

from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import CheckFact, FileFact, Opinion, PullFacts, ReviewFact

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
