"""A pull request at which nothing is wrong, for tests of decisions to spoil."""

from forgehand.domain.checks import CheckState
from forgehand.domain.modes import Grant, Mode
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import MergePolicy, QueuePolicy, RepositoryPolicy
from forgehand.ports.checks import Check
from forgehand.ports.github import PullRequest
from forgehand.workers.review.rules.checks import OWN_TESTS
from forgehand.workers.review.rules.facts import Facts
from forgehand.workers.review.rules.static import File, StaticReview

HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40
REPOSITORY = "acme/shop"
APPLY = Grant(Mode.APPLY)
PULL = PullRequest(
    number=7,
    title="Give a discount",
    state="open",
    merged=False,
    draft=False,
    author="dev",
    head_sha=HEAD,
    head_ref="discount",
    head_repository=REPOSITORY,
    base_sha=BASE,
    base_ref="main",
    mergeable=True,
    html_url="https://github.example/acme/shop/pull/7",
    changed_files=1,
    additions=2,
)
UNIT = Check("unit", 15, CheckState.PASSED, "success")
NOTHING_TO_RUN = Check(OWN_TESTS, 1, CheckState.PASSED, "neutral", ours=True, title="There is no test command")
REVIEW = StaticReview(HEAD, "main", (File("shop/cart.py", "modified", looked=("ruff", "secrets")),))
GOOD = Facts(
    PULL,
    REPOSITORY,
    BASE,
    checks=(UNIT, NOTHING_TO_RUN),
    author=Permission.WRITE,
    review=REVIEW,
    operator=APPLY,
)
"""Ready, and to be merged by whoever may."""

AUTO = RepositoryPolicy(merge=MergePolicy(auto=True))
QUEUED = RepositoryPolicy(merge=MergePolicy(auto=True, queue=QueuePolicy(enabled=True, most=10)))
DEFAULT = RepositoryPolicy()
