"""What was said on a pull request, read from a GitHub: reviews, threads, comments."""

import pytest

from forgehand.adapters.github import ConversationReader
from forgehand.domain.effects import Review, ReviewEvent, StickyComment
from support.github_stage import Stage

pytestmark = pytest.mark.anyio


def reader(stage: Stage) -> ConversationReader:
    return ConversationReader(stage.github, stage.tokens, stage.identity)


def own_review(stage: Stage) -> Review:
    return Review(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose="findings",
        sha=stage.head,
        number=stage.number,
        event=ReviewEvent.COMMENT,
        body="One remark.",
    )


async def test_submitted_reviews_are_told_oldest_first_with_the_head_they_saw(stage: Stage) -> None:
    stage.forge.review(stage.name, stage.number, "kim", "REQUEST_CHANGES", "No.")
    slot = own_review(stage).slot
    await stage.do(own_review(stage))
    later = stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    stage.forge.review(stage.name, stage.number, "kim", "APPROVE")
    stage.forge.review(stage.name, stage.number, "lee", None, "Not yet submitted.")
    found = await reader(stage).reviews(stage.repo, stage.number)
    assert [(each.author, each.state, each.commit, each.ours) for each in found] == [
        ("kim", "CHANGES_REQUESTED", stage.head, False),
        ("helper[bot]", "COMMENTED", stage.head, True),
        ("kim", "APPROVED", later, False),
    ]
    assert [(each.id, each.slot) for each in found] == [
        (each.id, slot if each.user == "helper[bot]" else "") for each in stage.forge.reviews(stage.name, stage.number)
    ]
    assert found[0].submitted_at <= found[-1].submitted_at


async def test_reviews_are_read_to_the_last_page(stage: Stage) -> None:
    for number in range(102):
        stage.forge.review(stage.name, stage.number, "kim", "COMMENT", f"Remark {number}.")
    assert len(await reader(stage).reviews(stage.repo, stage.number)) == 102


async def test_a_comment_is_read_as_it_is_now(stage: Stage) -> None:
    made = stage.forge.comment(stage.name, stage.number, "kim", "/forgehand merge")
    found = await reader(stage).comment(stage.repo, made.id)
    assert found is not None
    assert (found.id, found.number, found.author, found.body) == (made.id, stage.number, "kim", "/forgehand merge")
    assert (found.edited, found.ours, found.created_at) == (False, False, int(made.created))


async def test_a_comment_that_was_changed_says_so(stage: Stage) -> None:
    made = stage.forge.comment(stage.name, stage.number, "kim", "Hello.")
    stage.forge.world.clock = lambda: made.created + 60
    stage.forge.edit_comment(made, "/forgehand merge", "kim")
    found = await reader(stage).comment(stage.repo, made.id)
    assert found is not None
    assert (found.body, found.edited) == ("/forgehand merge", True)


async def test_a_comment_that_was_deleted_is_none(stage: Stage) -> None:
    assert await reader(stage).comment(stage.repo, 404) is None


async def test_our_own_comment_is_known(stage: Stage) -> None:
    subject = f"pull/{stage.number}"
    effect = StickyComment(
        repo=stage.repo, subject=subject, worker="review", purpose="summary", number=stage.number, body="All good."
    )
    receipt = await stage.do(effect)
    found = await reader(stage).comment(stage.repo, int(receipt.remote_id))
    assert found is not None
    assert found.ours
