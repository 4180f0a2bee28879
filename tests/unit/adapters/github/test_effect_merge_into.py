"""Merging into a scratch branch, as GitHub answers it: what is read too early is no conflict."""

import time

import pytest

from forgehand.adapters.github import GitHub, Identity, PersonalTokens, performers
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import MergeInto
from forgehand.domain.repositories import Repo
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Conflict, Unreachable
from support.scripted_github import API, Reply, ScriptedGitHub, pem, reply, sequence

pytestmark = pytest.mark.anyio

ONTO, HEAD, MERGED = "a" * 40, "b" * 40, "c" * 40
EFFECT = MergeInto(
    repo=Repo(0, 42, "octo/hello"),
    subject="branch/main",
    worker="queue",
    purpose="build",
    sha=HEAD,
    branch="forgehand/queue/main/1/build",
    onto=ONTO,
)


def at(sha: str) -> Reply:
    return reply(200, {"object": {"sha": sha}})


async def do(*replies: Reply) -> Receipt:
    server = ScriptedGitHub(sequence(*replies))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        performer = performers(github, PersonalTokens("ghp_" + "x" * 36), Identity(github), MemoryStore())[EFFECT.kind]
        return await performer.perform(EFFECT, None, time.time() + 30)


async def test_it_is_merged_onto_the_commit_that_is_expected() -> None:
    assert (await do(at(ONTO), reply(201, {"sha": MERGED}))).remote_id == MERGED


@pytest.mark.parametrize("stale", [at("d" * 40), reply(404, {"message": "Not Found"})])
async def test_a_branch_that_is_not_shown_where_it_was_put_is_tried_again(stale: Reply) -> None:
    with pytest.raises(Unreachable, match="expected at aaaaaaaaaaaa") as raised:
        await do(stale)
    assert not raised.value.sent


async def test_only_githubs_409_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="Merge conflict"):
        await do(at(ONTO), reply(409, {"message": "Merge conflict"}))
