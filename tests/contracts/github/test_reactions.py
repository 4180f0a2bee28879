"""Reactions against a GitHub: one of each, however often it is asked for."""

import pytest

from forgehand.domain.effects import Reaction
from forgehand.ports.github import NotFound, Unreachable
from forgehand.practice.records import Comment
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

REACTIONS = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"


def reaction(stage: Stage, comment: int) -> Reaction:
    return Reaction(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="commands",
        purpose=f"comment/{comment}",
        comment=comment,
        emoji="eyes",
    )


@pytest.fixture
def command(stage: Stage) -> Comment:
    return stage.forge.comment(stage.name, stage.number, "kim", "/forgehand help")


async def test_it_is_given_once(stage: Stage, command: Comment) -> None:
    first = await stage.do(reaction(stage, command.id))
    assert await stage.do(reaction(stage, command.id)) == first
    [given] = stage.forge.reactions(command)
    assert (str(given.id), given.content, given.user) == (first.remote_id, "eyes", "helper[bot]")
    [made] = stage.writes()
    assert made.permissions == {"metadata": "read", "pull_requests": "write"}


async def test_anothers_reaction_is_not_ours(stage: Stage, command: Comment) -> None:
    other = stage.forge.create_app("other", permissions={"pull_requests": "write"})
    path = f"issues/comments/{command.id}/reactions"
    await stage.as_app(other, "pull_requests", "POST", path, {"content": "eyes"})
    await stage.do(reaction(stage, command.id))
    assert len(stage.forge.reactions(command)) == 2


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after", "lands_later"])
async def test_one_without_an_answer_is_given_once(stage: Stage, command: Comment, fault: str) -> None:
    stage.forge.faults.add(fault, route=REACTIONS, method="POST", seconds=60)  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        await stage.do(reaction(stage, command.id))
    await stage.do(reaction(stage, command.id))
    stage.forge.land_now()
    assert len(stage.forge.reactions(command)) == 1


async def test_a_comment_that_is_gone_gets_none(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.do(reaction(stage, 404))
