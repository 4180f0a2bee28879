"""Which review of ours a verdict is: never one twice, and never one that no longer holds."""

from typing import Literal

from forgehand.domain.effects import Review, ReviewEvent
from forgehand.domain.repositories import Repo
from forgehand.ports.conversation import SubmittedReview
from forgehand.workers.review.rules.verdicts import before, placed, stands

HEAD = "a" * 40
APPROVE = Review(
    repo=Repo(1, 42, "acme/shop"),
    subject="pull/7",
    worker="review",
    purpose="review",
    sha=HEAD,
    number=7,
    event=ReviewEvent.APPROVE,
    body="",
)
State = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]


def _given(name: int, slot: str, state: State) -> SubmittedReview:
    return SubmittedReview("helper[bot]", state, HEAD, 0.0, ours=True, id=name, slot=slot)


def _place(*given: SubmittedReview, base: str = "main", rebased: bool = False) -> Review:
    return placed(APPROVE, base, given, rebased=rebased)


FIRST, REJECTED = _given(1, APPROVE.slot, "APPROVED"), _given(1, APPROVE.slot, "CHANGES_REQUESTED")
SECOND = _place(REJECTED)
THEIRS = _given(9, "f" * 32, "COMMENTED")
"""Another worker's."""


def test_the_first_review_of_a_head_is_found_whichever_version_gave_it() -> None:
    assert _place() == _place(FIRST) == _place(THEIRS) == _place(THEIRS, FIRST) == APPROVE


def test_another_verdict_is_another_review_and_it_again_the_next() -> None:
    assert SECOND.purpose == "review 2: APPROVE into main"
    assert _place(REJECTED, _given(2, SECOND.slot, "APPROVED")) == SECOND
    gone = _given(3, "e" * 32, "CHANGES_REQUESTED")
    assert _place(REJECTED, _given(2, SECOND.slot, "APPROVED"), gone).purpose == "review 4: APPROVE into main"


def test_another_base_is_another_review_also_where_the_verdict_is_the_same() -> None:
    to_next = _place(FIRST, base="next", rebased=True)
    assert to_next.purpose == "review 2: APPROVE into next"
    given = (FIRST, _given(2, to_next.slot, "APPROVED"))
    assert _place(*given, base="next", rebased=True) == _place(*given, base="next") == to_next
    assert _place(*given, base="main", rebased=True).purpose == "review 3: APPROVE into main"


def test_the_last_review_of_a_head_stands_for_the_base_that_it_names_and_a_first_one_for_any() -> None:
    assert stands(APPROVE, "next", ())
    assert stands(APPROVE, "next", (FIRST,))
    to_next = _given(2, _place(FIRST, base="next", rebased=True).slot, "APPROVED")
    assert [stands(APPROVE, base, (FIRST, to_next)) for base in ("next", "main")] == [True, False]


def test_one_that_was_submitted_twice_by_mischance_counts_once() -> None:
    twice = [_given(name, SECOND.slot, "APPROVED") for name in (2, 3)]
    assert _place(REJECTED, *twice) == SECOND
    assert _place(FIRST, FIRST) == APPROVE


def test_what_the_others_of_a_head_say_is_said() -> None:
    given = [REJECTED, _given(2, SECOND.slot, "APPROVED")]
    assert before(SECOND, given) == {1}
    assert before(APPROVE, [FIRST]) == frozenset()
