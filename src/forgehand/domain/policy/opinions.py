"""What reviewers, taken together, say of a pull request now. Called by `conditions`."""

from collections.abc import Sequence

from forgehand.domain.policy.facts import Opinion, PullFacts, ReviewFact
from forgehand.domain.policy.globs import is_like
from forgehand.domain.policy.rules import Reviews
from forgehand.domain.policy.wording import counted, one_of, some
from forgehand.domain.rulings import Ruling, State


def holds_for_reviews(reviews: Reviews, facts: PullFacts) -> list[Ruling]:
    """A ruling for each thing that is asked of the reviews."""
    if facts.reviews is None:
        return [Ruling("reviews", State.PENDING, "The reviews are not known.")]
    standing = [review for review in _standing(facts) if _is_asked(reviews, review)]
    rulings = []
    if reviews.approvals:
        rulings.append(_approved(reviews, standing))
    if reviews.no_changes_requested:
        rulings.append(_not_rejected(reviews, standing))
    return rulings


def _standing(facts: PullFacts) -> list[ReviewFact]:
    """The last opinion of everybody but the author: a comment takes back nothing."""
    last: dict[str, ReviewFact] = {}
    for review in facts.reviews or ():
        if review.opinion is not Opinion.COMMENTED and review.author.casefold() != facts.author.casefold():
            last[review.author.casefold()] = review
    return [last[author] for author in sorted(last)]


def _is_asked(reviews: Reviews, review: ReviewFact) -> bool:
    """Whether this person's opinion counts, or may: the permission may be unknown."""
    named = not reviews.by or any(is_like(wildcard, review.author) for wildcard in reviews.by)
    return named and (review.permission is None or review.permission.at_least(reviews.permission))


def _approved(reviews: Reviews, standing: Sequence[ReviewFact]) -> Ruling:
    approving = [review for review in standing if review.opinion is Opinion.APPROVED and review.current]
    known = [review.author for review in approving if review.permission is not None]
    found = f"{counted(len(known), 'approval')} of the present head{f', by {some(known)}' if known else ''}"
    if len(known) >= reviews.approvals:
        return Ruling("approvals", State.SATISFIED, f"{found}.")
    expected = f"{found}; expected {reviews.approvals} by {_who(reviews)}"
    if len(approving) >= reviews.approvals:
        unsure = [review.author for review in approving if review.permission is None]
        return Ruling("approvals", State.PENDING, f"{expected}. What {some(unsure)} may do here is not known.")
    return Ruling("approvals", State.VIOLATED, f"{expected}.")


def _not_rejected(reviews: Reviews, standing: Sequence[ReviewFact]) -> Ruling:
    asking = [review for review in standing if review.opinion is Opinion.CHANGES_REQUESTED]
    rule = "no changes requested"
    if known := [review.author for review in asking if review.permission is not None]:
        return Ruling(rule, State.VIOLATED, f"{some(known)} requested changes; expected nobody of {_who(reviews)}.")
    if asking:
        who = some([review.author for review in asking])
        return Ruling(rule, State.PENDING, f"{who} requested changes, and what {who} may do here is not known.")
    return Ruling(rule, State.SATISFIED, "Nobody asks for changes.")


def _who(reviews: Reviews) -> str:
    people = f"people with at least {reviews.permission} permission"
    return f"{one_of(reviews.by)}, {people}" if reviews.by else people
