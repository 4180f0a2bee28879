"""Reviews against a GitHub: one per slot and commit, never a second because of a lost answer."""

import time

import pytest

from forgehand.domain.effects import InlineComment, Review, ReviewEvent, marker
from forgehand.ports.github import Unprocessable, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

ROUTE = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"


def review(stage: Stage, *comments: InlineComment, event: ReviewEvent = ReviewEvent.COMMENT, sha: str = "") -> Review:
    return Review(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose="findings",
        sha=sha or stage.head,
        number=stage.number,
        event=event,
        body="Two remarks.",
        comments=comments,
    )


REMARKS = (InlineComment("values.py", 5, "Why 55?"), InlineComment("values.py", 6, "It was 6.", side="LEFT"))


async def test_a_review_is_one_request_with_its_event_commit_and_comments(stage: Stage) -> None:
    effect = review(stage, *REMARKS, event=ReviewEvent.REQUEST_CHANGES)
    receipt = await stage.do(effect)
    [made] = stage.forge.reviews(stage.name, stage.number)
    assert (str(made.id), made.state, made.commit_id) == (receipt.remote_id, "CHANGES_REQUESTED", stage.head)
    assert made.body == f"Two remarks.\n\n{marker(effect.slot)}"
    comments = stage.forge.review_comments(stage.name, stage.number)
    assert [(each.path, each.line, each.side, each.body) for each in comments] == [
        ("values.py", 5, "RIGHT", "Why 55?"),
        ("values.py", 6, "LEFT", "It was 6."),
    ]
    assert len(stage.writes()) == 1


async def test_the_same_review_is_not_given_twice(stage: Stage) -> None:
    first = await stage.do(review(stage, *REMARKS))
    assert await stage.do(review(stage, *REMARKS), first.remote_id) == first
    assert await stage.do(review(stage, *REMARKS)) == first
    assert len(stage.writes()) == 1


async def test_a_new_head_is_a_new_review(stage: Stage) -> None:
    await stage.do(review(stage))
    head = stage.forge.commit(stage.name, "topic", {"more.py": "more = 1\n"})
    await stage.do(review(stage, sha=head))
    assert [each.commit_id for each in stage.forge.reviews(stage.name, stage.number)] == [stage.head, head]


async def test_a_review_whose_answer_was_lost_is_found_again(stage: Stage) -> None:
    stage.forge.faults.add("error_after", route=ROUTE, method="POST")
    with pytest.raises(Unreachable):
        await stage.do(review(stage, *REMARKS))
    await stage.do(review(stage, *REMARKS))
    assert len(stage.forge.reviews(stage.name, stage.number)) == 1
    assert len(stage.writes("POST")) == 1


async def test_a_review_that_lands_late_is_found_then(stage: Stage) -> None:
    effect = review(stage)
    stage.forge.faults.add("lands_later", route=ROUTE, method="POST")
    with pytest.raises(Unreachable):
        await stage.do(effect)
    assert await stage.performer(effect).find(effect, None) is None
    assert stage.forge.land_now() == 1
    assert await stage.performer(effect).find(effect, None) is not None


async def test_a_marker_pasted_by_a_stranger_does_not_count(stage: Stage) -> None:
    effect = review(stage)
    stage.forge.review(stage.name, stage.number, "mallory", "COMMENT", f"LGTM\n\n{marker(effect.slot)}")
    await stage.do(effect)
    assert [each.user for each in stage.forge.reviews(stage.name, stage.number)] == ["mallory", "helper[bot]"]


async def test_a_pending_review_of_ours_is_cleared_away(stage: Stage) -> None:
    left = stage.forge.review(stage.name, stage.number, "helper[bot]", None, "half of something")
    receipt = await stage.do(review(stage, *REMARKS))
    [made] = stage.forge.reviews(stage.name, stage.number, pending=True)
    assert str(made.id) == receipt.remote_id != str(left.id)
    assert [call.method for call in stage.writes()] == ["POST", "DELETE", "POST"]


async def test_a_pending_review_of_somebody_else_is_left_alone(stage: Stage) -> None:
    theirs = stage.forge.review(stage.name, stage.number, "dev", None, "still writing")
    await stage.do(review(stage))
    assert theirs in stage.forge.reviews(stage.name, stage.number, pending=True)


async def test_a_line_outside_the_diff_is_refused_in_githubs_words(stage: Stage) -> None:
    with pytest.raises(Unprocessable, match=r"could not be resolved|must be part of the diff"):
        await stage.do(review(stage, InlineComment("values.py", 19, "far away")))
    assert stage.forge.reviews(stage.name, stage.number) == ()
    assert len(stage.writes()) == 1


async def test_doubles_are_reported_since_a_review_cannot_be_removed(stage: Stage) -> None:
    effect = review(stage)
    body = f"Two remarks.\n\n{marker(effect.slot)}"
    first, second = (stage.forge.review(stage.name, stage.number, "helper[bot]", "COMMENT", body) for _ in range(2))
    receipt = await stage.performer(effect).find(effect, None)
    assert receipt is not None
    assert (receipt.remote_id, receipt.surplus) == (str(first.id), (str(second.id),))
    stage.forge.clear_calls()
    assert await stage.performer(effect).tidy(effect, receipt, time.time() + 30) == receipt
    assert stage.writes() == []


async def test_a_list_that_lags_behind_does_not_lose_what_was_just_made(stage: Stage) -> None:
    effect = review(stage)
    stage.forge.faults.add("stale", route=ROUTE, method="GET", count=None)
    receipt = await stage.do(effect)
    assert receipt.remote_id == str(stage.forge.reviews(stage.name, stage.number)[0].id)
