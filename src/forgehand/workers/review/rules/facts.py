"""What is known of a pull request when it is decided about: read once, by `reading`, into one frozen value."""

from dataclasses import dataclass, field

from forgehand.domain.modes import COMMENT_ONLY, Grant
from forgehand.domain.orders import NO_ORDERS, Orders
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import CheckFact, FileFact, Problem, PullFacts, ReviewFact
from forgehand.domain.rulings import Ruling
from forgehand.ports.checks import Check, Protection
from forgehand.ports.github import PullRequest
from forgehand.workers.review.rules.checks import DECISION
from forgehand.workers.review.rules.static import StaticReview


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of the last attempt to merge: `why` GitHub refused it at this head on this base, or `merged`, the
    commit that landed by it."""

    head_sha: str
    base_sha: str
    why: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What the merge queue knows of it: its `position` from 1 (0: it is not in it), the `head` and the `priority` with
    which it stands there, and whether it is `aboard` what is tested now; `thrown`, why it was thrown out at the present
    head."""

    position: int = 0
    head: str = ""
    priority: int = 0
    aboard: bool = False
    thrown: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`repository` is the base's, as `owner/name`; `base_sha` is where the base branch points now, `behind` how many of
    its commits the head lacks. `review` is what the analysers saw of this very change, None where nobody has looked
    yet. `proposal` is what the change would make of the policy, where it touches it. `operator` is what the
    operator lets us do at most."""

    pull: PullRequest
    repository: str
    base_sha: str
    behind: int = 0
    checks: tuple[Check, ...] = ()
    protection: Protection = field(default=Protection())
    author: Permission = Permission.NONE
    reviews: tuple[ReviewFact, ...] = ()
    approvals: tuple[ReviewFact, ...] = ()
    """By comment: policy counts them, and branch protection does not."""
    review: StaticReview | None = None
    held_back: str = ""
    """Why the review begins later, where an operator's cap says so."""
    proposal: Ruling | None = None
    problems: tuple[Problem, ...] = ()
    """Of the policy files on the default branches, where one cannot be used."""
    orders: Orders = NO_ORDERS
    asker: Permission = Permission.NONE
    """What may be done now by who asked by comment for the merge."""
    attempt: Attempt | None = None
    place: Place = field(default=Place())
    operator: Grant = COMMENT_ONLY

    @property
    def fork(self) -> bool:
        """Whether the branch lives in another repository, or in one that is gone."""
        return self.pull.head_repository != self.repository

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that the change touches, a renamed file's previous one too."""
        files = self.review.files if self.review else ()
        return tuple(sorted({path for file in files for path in (file.path, file.previous_path) if path}))

    @property
    def asked_by(self) -> str:
        """Who asked by comment that this very head be merged into this very branch, and may still write; empty where
        nobody did. An author can choose another base without being allowed to write."""
        asked = (self.orders.merge_head, self.orders.merge_base) == (self.pull.head_sha, self.pull.base_ref)
        return self.orders.merge_by if asked and self.asker.writes else ""


def pull_facts(facts: Facts) -> PullFacts:
    """What policy judges: of the same facts, those that its language speaks of."""
    pull, review = facts.pull, facts.review
    return PullFacts(
        author=pull.author,
        base=pull.base_ref,
        head=pull.head_ref,
        title=pull.title,
        body=pull.body,
        draft=pull.draft,
        author_is_bot=pull.author_is_bot,
        author_permission=facts.author,
        fork=facts.fork,
        labels=pull.labels,
        files=_files(review) if review and not review.not_compared else None,
        checks=tuple(CheckFact(each.name, each.state, each.app) for each in facts.checks if each.name != DECISION),
        # What came later counts. An approval whose time was not kept comes before every review.
        reviews=tuple(sorted((*facts.approvals, *facts.reviews), key=lambda each: each.at)),
    )


def _files(review: StaticReview) -> tuple[FileFact, ...]:
    return tuple(FileFact(each.path, each.additions, each.deletions, each.previous_path) for each in review.files)
