"""Resolving a review thread, as GraphQL answers it."""

import time
from typing import Any

import pytest

from forgehand.adapters.github import GitHub, Identity, PersonalTokens, performers
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import ResolveThread
from forgehand.domain.repositories import Repo
from forgehand.ports.effects import Receipt
from forgehand.ports.github import NotFound, NotPermitted
from support.scripted_github import API, Script, ScriptedGitHub, body_of, pem, reply, sequence

pytestmark = pytest.mark.anyio

REPO = Repo(0, 42, "octo/hello")
EFFECT = ResolveThread(repo=REPO, subject="pull/7", worker="review", purpose="thread/PRRT_1", number=7, thread="PRRT_1")
OPEN, RESOLVED = ({"id": "PRRT_1", "isResolved": resolved} for resolved in (False, True))
DONE = reply(200, {"data": {"resolveReviewThread": {"thread": RESOLVED}}})


def node(thread: Any) -> Any:
    return reply(200, {"data": {"node": thread}})


async def do(script: Script) -> tuple[Receipt, ScriptedGitHub]:
    server = ScriptedGitHub(script)
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        performer = performers(github, PersonalTokens("ghp_" + "x" * 36), Identity(github), MemoryStore())[EFFECT.kind]
        existing = await performer.find(EFFECT, None)
        return await performer.perform(EFFECT, existing, time.time() + 30), server


async def test_it_is_resolved_by_its_id() -> None:
    receipt, server = await do(sequence(node(OPEN), DONE))
    assert receipt == Receipt("PRRT_1", "https://github.com/octo/hello/pull/7")
    assert [body_of(request)["query"].split()[0] for request in server.requests] == ["query", "mutation"]
    assert body_of(server.requests[1])["variables"] == {"thread": "PRRT_1"}


async def test_one_that_is_resolved_is_left_alone() -> None:
    _, server = await do(sequence(node(RESOLVED)))
    assert len(server.requests) == 1


@pytest.mark.parametrize("nothing", [None, {}])
async def test_what_is_no_thread_is_not_found(nothing: Any) -> None:
    with pytest.raises(NotFound, match="no review thread PRRT_1 in octo/hello"):
        await do(sequence(node(nothing)))


async def test_a_refusal_is_told_in_githubs_words() -> None:
    refused = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}
    with pytest.raises(NotPermitted, match="Resource not accessible by integration"):
        await do(sequence(node(OPEN), reply(200, refused)))
