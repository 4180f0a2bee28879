"""Sticky issues against a GitHub: one per slot, edited, and never reopened against somebody's will."""

import time
from dataclasses import replace
from typing import Any

import pytest

from forgehand.adapters.github import IssueCommentReader
from forgehand.domain.effects import StickyIssue, marker
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Unreachable
from forgehand.practice.records import Issue, Pull
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

LIST = "/repos/{owner}/{repo}/issues"


def issue(stage: Stage, body: str = "All good.", purpose: str = "results") -> StickyIssue:
    return StickyIssue(
        repo=stage.repo, subject="run/1", worker="dispatch", purpose=purpose, title="Dispatch results", body=body
    )


def issues(stage: Stage) -> list[Issue]:
    found = stage.forge.world.threads.values()
    return sorted((each for each in found if not isinstance(each, Pull)), key=lambda each: each.number)


async def test_an_issue_is_opened_with_our_hidden_marker(stage: Stage) -> None:
    effect = issue(stage)
    receipt = await stage.do(effect)
    [made] = issues(stage)
    assert (made.title, made.body) == ("Dispatch results", f"All good.\n\n{marker(effect.slot)}")
    assert (made.user, receipt.remote_id) == ("helper[bot]", str(made.number))
    assert receipt.url.endswith(f"/octo/sample/issues/{made.number}")


async def test_it_takes_one_permission(stage: Stage) -> None:
    await stage.do(issue(stage))
    assert stage.writes("POST")[0].permissions == {"issues": "write", "metadata": "read"}


async def test_saying_the_same_again_writes_nothing(stage: Stage) -> None:
    first = await stage.do(issue(stage))
    stage.forge.clear_calls()
    assert await stage.do(issue(stage)) == first
    assert stage.writes() == []


async def test_another_body_or_title_edits_in_place(stage: Stage) -> None:
    first = await stage.do(issue(stage))
    effect = replace(issue(stage, "Not so good."), title="Dispatch results (failed=1)")
    assert (await stage.do(effect, first.remote_id)).remote_id == first.remote_id
    [made] = issues(stage)
    assert (made.title, made.body) == (effect.title, f"Not so good.\n\n{marker(effect.slot)}")


async def test_another_purpose_is_another_issue(stage: Stage) -> None:
    await stage.do(issue(stage))
    await stage.do(issue(stage, purpose="other"))
    assert len(issues(stage)) == 2


async def test_a_closed_one_is_found_and_edited_and_stays_closed(stage: Stage) -> None:
    await stage.do(issue(stage))
    [made] = issues(stage)
    stage.forge.world.put(replace(made, state="closed", state_reason="completed"))
    await stage.do(issue(stage, "Not so good."))
    [closed] = issues(stage)
    assert (closed.state, str(closed.body).startswith("Not so good.")) == ("closed", True)


@pytest.mark.parametrize("fault", ["error_after", "cut_after", "lands_later"])
async def test_one_whose_answer_was_lost_is_found_again(stage: Stage, fault: Any) -> None:
    effect = issue(stage)
    stage.forge.faults.add(fault, route=LIST, method="POST")
    with pytest.raises(Unreachable) as caught:
        await stage.do(effect)
    assert caught.value.sent
    stage.forge.land_now()
    await stage.do(effect)
    assert (len(issues(stage)), len(stage.writes("POST"))) == (1, 1)


async def test_one_that_somebody_deleted_is_opened_again(stage: Stage) -> None:
    effect = issue(stage)
    assert await stage.performer(effect).find(effect, "987654") is None
    receipt = await stage.performer(effect).perform(effect, Receipt("987654"), time.time() + 30)
    assert [str(each.number) for each in issues(stage)] == [receipt.remote_id]


async def test_a_marker_that_somebody_else_pasted_is_not_ours(stage: Stage) -> None:
    effect = issue(stage)
    pasted = stage.forge.open_issue(stage.name, "Dispatch results", marker(effect.slot))
    receipt = await stage.do(effect)
    assert receipt.remote_id != str(pasted.number)
    assert issues(stage)[0].body == marker(effect.slot)


async def test_of_doubles_the_oldest_stays_and_the_others_are_closed(stage: Stage) -> None:
    effect = issue(stage)
    performer = stage.performer(effect)
    made = [await performer.perform(effect, None, time.time() + 30) for _ in range(3)]
    kept = await performer.tidy(effect, made[-1], time.time() + 30)
    assert kept.remote_id == made[0].remote_id
    first, *others = issues(stage)
    assert (first.state, first.body) == ("open", f"All good.\n\n{marker(effect.slot)}")
    double = f"A double of #{first.number}."
    assert [(each.state, each.state_reason, each.body) for each in others] == [("closed", "not_planned", double)] * 2
    assert await performer.find(effect, None) == Receipt(kept.remote_id, kept.url)


async def test_a_comment_on_an_issue_is_read_with_the_permission_for_issues(stage: Stage) -> None:
    receipt = await stage.do(issue(stage))
    made = stage.forge.comment(stage.name, int(receipt.remote_id), "dev", "/forgehand approve 3f2a3f2")
    reader = IssueCommentReader(stage.github, stage.tokens, stage.identity)
    read = await reader.comment(stage.repo, made.id)
    assert read is not None
    assert (read.number, read.author, read.body) == (int(receipt.remote_id), "dev", "/forgehand approve 3f2a3f2")
    assert (read.edited, read.ours) == (False, False)
    assert await reader.comment(stage.repo, made.id + 1000) is None
