"""Sticky comments against a GitHub: one per slot, whatever happens in between."""

import time
from dataclasses import replace

import pytest

from forgehand.adapters.github import AppTokens, Identity, performers
from forgehand.domain.effects import StickyComment, marker
from forgehand.ports.effects import Receipt
from forgehand.ports.github import NotPermitted, TooLate, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

LIST = "/repos/{owner}/{repo}/issues/{issue_number}/comments"


def comment(stage: Stage, body: str = "All good.", purpose: str = "summary") -> StickyComment:
    subject = f"pull/{stage.number}"
    return StickyComment(
        repo=stage.repo, subject=subject, worker="review", purpose=purpose, number=stage.number, body=body
    )


def bodies(stage: Stage) -> list[str]:
    return [each.body for each in stage.forge.comments(stage.name, stage.number)]


async def test_a_comment_is_created_with_our_hidden_marker(stage: Stage) -> None:
    effect = comment(stage)
    receipt = await stage.do(effect)
    [made] = stage.forge.comments(stage.name, stage.number)
    assert made.body == f"All good.\n\n{marker(effect.slot)}"
    assert made.user == "helper[bot]"
    assert receipt.remote_id == str(made.id)
    assert receipt.url.endswith(f"#issuecomment-{made.id}")


async def test_saying_the_same_again_writes_nothing(stage: Stage) -> None:
    first = await stage.do(comment(stage))
    stage.forge.clear_calls()
    assert await stage.do(comment(stage)) == first
    assert stage.writes() == []


async def test_saying_something_else_edits_in_place(stage: Stage) -> None:
    first = await stage.do(comment(stage))
    second = await stage.do(comment(stage, "Not so good."), first.remote_id)
    assert second.remote_id == first.remote_id
    assert bodies(stage) == [f"Not so good.\n\n{marker(comment(stage).slot)}"]


async def test_another_purpose_is_another_comment(stage: Stage) -> None:
    await stage.do(comment(stage))
    await stage.do(comment(stage, purpose="plan"))
    assert len(bodies(stage)) == 2


async def test_a_comment_that_somebody_deleted_is_made_again(stage: Stage) -> None:
    effect = comment(stage)
    assert await stage.performer(effect).find(effect, "987654") is None
    receipt = await stage.performer(effect).perform(effect, Receipt("987654"), time.time() + 30)
    assert [str(each.id) for each in stage.forge.comments(stage.name, stage.number)] == [receipt.remote_id]


async def test_a_create_whose_answer_was_lost_is_found_again(stage: Stage) -> None:
    effect = comment(stage)
    stage.forge.faults.add("error_after", route=LIST, method="POST")
    with pytest.raises(Unreachable) as caught:
        await stage.do(effect)
    assert caught.value.sent
    await stage.do(effect)
    assert len(bodies(stage)) == 1
    assert len(stage.writes("POST")) == 1


async def test_the_list_is_read_to_its_last_page(stage: Stage) -> None:
    for number in range(120):
        stage.forge.comment(stage.name, stage.number, "chatty", f"remark {number}")
    first = await stage.do(comment(stage))
    assert await stage.do(comment(stage)) == first
    assert len(stage.writes("POST")) == 1


async def test_a_marker_pasted_by_a_stranger_does_not_count(stage: Stage) -> None:
    effect = comment(stage)
    pasted = stage.forge.comment(stage.name, stage.number, "mallory", f"mine\n\n{marker(effect.slot)}")
    receipt = await stage.do(effect)
    assert receipt.remote_id != str(pasted.id)
    assert bodies(stage)[0] == f"mine\n\n{marker(effect.slot)}"


async def test_a_marker_of_another_app_does_not_count(stage: Stage) -> None:
    other = stage.forge.create_app("other", permissions={"issues": "write"})
    effect = comment(stage)
    foreign = stage.forge.comment(stage.name, stage.number, other.bot, f"theirs\n\n{marker(effect.slot)}")
    assert (await stage.do(effect)).remote_id != str(foreign.id)


async def test_doubles_are_removed_and_the_oldest_stays_with_the_newest_words(stage: Stage) -> None:
    effect = comment(stage)
    doubles = [
        stage.forge.comment(stage.name, stage.number, "helper[bot]", f"old {n}\n\n{marker(effect.slot)}")
        for n in range(3)
    ]
    performer = stage.performer(effect)
    found = await performer.find(effect, None)
    assert found is not None
    assert found.remote_id == str(doubles[0].id)
    assert found.surplus == tuple(str(each.id) for each in doubles[1:])
    newest = await performer.perform(effect, None, time.time() + 30)
    kept = await performer.tidy(effect, newest, time.time() + 30)
    assert kept == Receipt(str(doubles[0].id), kept.url)
    assert bodies(stage) == [f"All good.\n\n{marker(effect.slot)}"]


async def test_a_list_that_lags_behind_does_not_lose_what_was_just_made(stage: Stage) -> None:
    effect = comment(stage)
    stage.forge.faults.add("stale", route=LIST, method="GET", count=None)
    receipt = await stage.do(effect)
    stage.forge.faults.clear()
    assert await stage.performer(effect).find(effect, None) == receipt


async def test_a_comment_needs_one_permission_and_names_it(stage: Stage) -> None:
    await stage.do(comment(stage))
    made = next(call for call in stage.writes("POST"))
    assert made.permissions == {"pull_requests": "write", "metadata": "read"}
    narrow = stage.forge.install(stage.forge.create_app("narrow", permissions={"pull_requests": "read"}), "octo")
    app = stage.forge.world.apps[narrow.app_id]
    async with stage.client(app_id=app.id, private_key=app.private_key) as github:
        own = performers(github, AppTokens(github), Identity(github), stage.store)["comment"]
        effect = replace(comment(stage), repo=replace(stage.repo, installation=narrow.id))
        with pytest.raises(NotPermitted, match="lacks the permission pull_requests: write") as caught:
            await own.find(effect, None)
    assert f"installations/{narrow.id}" in caught.value.why


async def test_nothing_is_sent_after_its_time(stage: Stage) -> None:
    effect = comment(stage)
    with pytest.raises(TooLate):
        await stage.performer(effect).perform(effect, None, time.time() - 1)
    assert stage.writes() == []
