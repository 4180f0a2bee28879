"""Review threads out of GraphQL's answers."""

from typing import Any

import pytest

from forgehand.adapters.github import ConversationReader, GitHub, Identity, PersonalTokens
from forgehand.domain.repositories import Repo
from forgehand.ports.conversation import Thread
from forgehand.ports.github import Unreachable
from support.scripted_github import API, Script, ScriptedGitHub, body_of, pem, reply, sequence

pytestmark = pytest.mark.anyio

REPO = Repo(0, 42, "octo/hello")
US, KIM, GHOST = {"__typename": "Bot", "login": "helper"}, {"__typename": "User", "login": "kim"}, None
OUR_NAMESAKE = {"__typename": "User", "login": "helper"}


def thread(name: str, *authors: Any, total: int | None = None) -> dict[str, Any]:
    comments = [{"body": f"{name} {place}", "author": author} for place, author in enumerate(authors)]
    found = {"totalCount": total or len(comments), "nodes": comments}
    return {"id": name, "isResolved": name == "T3", "path": "a.py", "comments": found}


def page(*threads: dict[str, Any], after: str | None = None) -> Any:
    info = {"hasNextPage": after is not None, "endCursor": after}
    return reply(
        200, {"data": {"repository": {"pullRequest": {"reviewThreads": {"pageInfo": info, "nodes": threads}}}}}
    )


async def read(script: Script) -> tuple[list[Thread], ScriptedGitHub]:
    server = ScriptedGitHub(script)
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        reader = ConversationReader(github, PersonalTokens("ghp_" + "x" * 36), Identity(github))
        return list(await reader.threads(REPO, 7)), server


async def test_a_thread_says_who_began_it_and_whether_somebody_answered() -> None:
    found, _ = await read(
        sequence(page(thread("T1", US), thread("T2", US, KIM), thread("T3", KIM, US), thread("T4", GHOST)))
    )
    assert [(each.id, each.ours, each.answered, each.resolved, each.body) for each in found] == [
        ("T1", True, False, False, "T1 0"),
        ("T2", True, True, False, "T2 0"),
        ("T3", False, True, True, "T3 0"),
        ("T4", False, True, False, "T4 0"),
    ]


async def test_a_person_of_our_bots_name_is_not_us() -> None:
    found, _ = await read(sequence(page(thread("T1", OUR_NAMESAKE))))
    assert not found[0].ours


async def test_a_thread_longer_than_what_was_read_counts_as_answered() -> None:
    found, _ = await read(sequence(page(thread("T1", *[US] * 50, total=51))))
    assert found[0].answered


async def test_threads_are_read_to_the_last_page() -> None:
    found, server = await read(sequence(page(thread("T1", US), after="c1"), page(thread("T2", US))))
    assert [each.id for each in found] == ["T1", "T2"]
    assert [body_of(request)["variables"]["after"] for request in server.requests] == [None, "c1"]


async def test_an_answer_of_another_shape_is_not_github() -> None:
    with pytest.raises(Unreachable, match="no list of threads"):
        await read(sequence(reply(200, {"data": {"repository": None}})))
