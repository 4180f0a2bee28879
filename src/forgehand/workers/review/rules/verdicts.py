"""Which review of ours a verdict is: the one that gives it already, or the next one. Pure; called by `review_worker`.

A submitted review stays as it is, and on GitHub the last verdict counts. So a head that is judged otherwise, or for
another base branch, gets another review. Which one it is stands in its purpose, and so in its slot and its marker:
whoever runs again after a crash finds the same one, and gives no verdict twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from forgehand.domain.effects.review import Review, ReviewEvent
from forgehand.ports.conversation import SubmittedReview

STANDS: Mapping[ReviewEvent, tuple[str, ...]] = {
    ReviewEvent.APPROVE: ("APPROVED",),
    # Whoever dismissed it has heard it.
    ReviewEvent.REQUEST_CHANGES: ("CHANGES_REQUESTED", "DISMISSED"),
}
"""The states of a review that gives this verdict."""


def placed(first: Review, base_ref: str, given: Sequence[SubmittedReview], *, rebased: bool) -> Review:
    """The verdict as the review that it is: `first` where it is the first one of its head, whose purpose says neither
    verdict nor base. `given` are ours of that head, oldest first; `rebased`: when the head was last looked at, it was
    to go into another branch."""
    slots = list(dict.fromkeys(each.slot for each in given))
    if first.slot not in slots:
        return first
    place, last = len(slots) - slots.index(first.slot), given[-1]
    again = _at(place, first, base_ref)
    if last.slot == again.slot and (place > 1 or (last.state in STANDS[first.event] and not rebased)):
        return again
    return _at(place + 1, first, base_ref)


def stands(first: Review, base_ref: str, given: Sequence[SubmittedReview]) -> bool:
    """Whether the last of ours of a head is about this base. Of a job that was superseded before its end, its review is
    all that is left: nobody kept that the head was judged for another base."""
    slots = list(dict.fromkeys(each.slot for each in given))
    place = len(slots) - slots.index(first.slot) if first.slot in slots else 1
    about = [_at(place, replace(first, event=event), base_ref).slot for event in STANDS]
    return place == 1 or given[-1].slot in about


def before(review: Review, given: Sequence[SubmittedReview]) -> frozenset[int]:
    """The ids of the others of that head: what they say is said."""
    return frozenset(each.id for each in given if each.slot != review.slot)


def _at(place: int, first: Review, base_ref: str) -> Review:
    return first if place == 1 else replace(first, purpose=f"review {place}: {first.event} into {base_ref}")
