"""What is kept comes back as it was, whatever stands in it, and what cannot be read is not there."""

import pytest

from forgehand.domain.documents import MOST_BYTES
from forgehand.domain.findings import Finding, Severity
from forgehand.workers.review import documents
from forgehand.workers.review.rules import queue as q
from forgehand.workers.review.rules.facts import Attempt
from forgehand.workers.review.rules.static import File, StaticReview
from support.decisions import BASE, HEAD, REVIEW

BUG = Finding("a.py", 3, "F821", Severity.MAJOR, "Undefined name `x`", "", "ruff", "x")
ODD = File("bad\udc80name\u202e.py", "renamed", missed=(("ruff", "why"),), excused=True, previous_path="old")


def test_a_review_survives_being_kept() -> None:
    review = StaticReview(HEAD, "main", (*REVIEW.files, ODD), (BUG,), (("ruff", "it broke"),))
    assert documents.read_review(documents.write_review(review)) == review


def test_a_queue_survives_being_kept() -> None:
    queue = q.started(q.joined(q.Queue(), q.Entry(1, HEAD, 2, 3.5)), BASE, 5)
    queue = q.uses(q.built(queue, q.Entry(1, HEAD, 2, 3.5), BASE, "tree"), q.Scratch("refs/heads/forgehand/x", BASE))
    queue = q.answered(queue, 1, BASE, passed=True)
    assert documents.read_queue(documents.write_queue(queue)) == queue


def test_an_attempt_survives_being_kept() -> None:
    attempt = Attempt(HEAD, BASE, why="405")
    assert documents.read_attempt(documents.write_attempt(attempt)) == attempt


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"head_sha": 7}'])
def test_what_cannot_be_read_is_not_there(text: str | None) -> None:
    assert documents.read_review(text) is None
    assert documents.read_attempt(text) is None


def test_of_a_change_too_large_to_keep_only_that_is_kept() -> None:
    files = tuple(File(f"{n}{'x' * 1000}", "added") for n in range(1100))
    review = documents.read_review(documents.write_review(StaticReview(HEAD, "main", files, merge_base=BASE)))
    assert review is not None
    assert (review.not_compared, review.merge_base) == ("what is known of its 1100 files is more than is kept", BASE)


def test_a_document_too_large_is_left_out_where_others_do_without() -> None:
    assert documents.fitting("key", "x" * MOST_BYTES) != {}
    assert documents.fitting("key", "x" * (MOST_BYTES + 1)) == {}
