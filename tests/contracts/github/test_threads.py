"""Review threads of a GitHub, by GraphQL: read, and resolved once."""

import pytest

from forgehand.adapters.github import ConversationReader
from forgehand.domain.effects import InlineComment, ResolveThread, Review, ReviewEvent
from forgehand.ports.conversation import Thread
from forgehand.ports.github import NotFound, NotPermitted, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio


async def threads(stage: Stage) -> list[Thread]:
    reader = ConversationReader(stage.github, stage.tokens, stage.identity)
    return list(await reader.threads(stage.repo, stage.number))


async def remark(stage: Stage, *bodies: str) -> None:
    """Our App reviews, one thread for each body."""
    await stage.do(
        Review(
            repo=stage.repo,
            subject=f"pull/{stage.number}",
            worker="review",
            purpose="findings",
            sha=stage.head,
            number=stage.number,
            event=ReviewEvent.COMMENT,
            body="Some remarks.",
            comments=tuple(InlineComment("values.py", 5, body) for body in bodies),
        )
    )


def resolve(stage: Stage, thread: str) -> ResolveThread:
    return ResolveThread(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose=f"thread/{thread}",
        number=stage.number,
        thread=thread,
    )


async def test_ours_and_others_are_told_apart(stage: Stage) -> None:
    await remark(stage, "Why 55?")
    stage.forge.review(stage.name, stage.number, "kim", "COMMENT", "", [{"path": "values.py", "line": 6, "body": "hm"}])
    found = {each.body: each for each in await threads(stage)}
    assert {body: (each.ours, each.answered, each.resolved, each.path) for body, each in found.items()} == {
        "Why 55?": (True, False, False, "values.py"),
        "hm": (False, True, False, "values.py"),
    }


async def test_they_are_read_to_the_last_page(stage: Stage) -> None:
    await remark(stage, *(f"Remark {number}" for number in range(103)))
    assert len({each.id for each in await threads(stage)}) == 103


async def test_a_thread_is_resolved_once(stage: Stage) -> None:
    await remark(stage, "Why 55?")
    [thread] = await threads(stage)
    stage.forge.clear_calls()
    first = await stage.do(resolve(stage, thread.id))
    assert await stage.do(resolve(stage, thread.id)) == first
    assert [each.resolved for each in await threads(stage)] == [True]


async def test_a_thread_whose_answer_was_lost_is_found_resolved(stage: Stage) -> None:
    await remark(stage, "Why 55?")
    [thread] = await threads(stage)
    effect = resolve(stage, thread.id)
    assert await stage.performer(effect).find(effect, None) is None
    stage.forge.faults.add("error_after", route="/graphql")
    with pytest.raises(Unreachable) as caught:
        await stage.performer(effect).perform(effect, None, float("inf"))
    assert caught.value.sent
    assert await stage.performer(effect).find(effect, None) is not None


async def test_an_app_that_may_not_write_code_is_refused_in_githubs_words(stage: Stage) -> None:
    await remark(stage, "Why 55?")
    [thread] = await threads(stage)
    speaking = {"pull_requests": "write", "contents": "read", "metadata": "read"}
    stage.forge.uninstall(stage.installation)
    installation = stage.forge.install(stage.app, stage.repo.owner, permissions=speaking)
    stage.repo = type(stage.repo)(installation.id, stage.repo.id, stage.repo.full_name)
    with pytest.raises(NotPermitted, match="contents: write"):
        await stage.do(resolve(stage, thread.id))


async def test_a_thread_that_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.do(resolve(stage, "PRRT_nothing"))
