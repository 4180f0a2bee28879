"""What an account may do in a repository, read from a GitHub."""

import pytest

from forgehand.adapters.github import PeopleReader
from forgehand.ports.people import Permission
from support.github_stage import Stage

pytestmark = pytest.mark.anyio


async def permission(stage: Stage, login: str) -> Permission:
    return await PeopleReader(stage.github, stage.tokens).permission(stage.repo, login)


@pytest.mark.parametrize("role", ["read", "triage", "write", "maintain", "admin"])
async def test_a_collaborator_has_their_role(stage: Stage, role: str) -> None:
    stage.forge.create_user("kim")
    stage.forge.set_collaborator(stage.name, "kim", role)
    assert await permission(stage, "kim") == Permission(role)


async def test_the_owner_is_an_administrator(stage: Stage) -> None:
    assert await permission(stage, "octo") is Permission.ADMIN


@pytest.mark.parametrize("login", ["nobody-of-that-name", "", "helper[bot]", "../../user"])
async def test_strangers_and_bots_may_nothing(stage: Stage, login: str) -> None:
    assert await permission(stage, login) is Permission.NONE


async def test_a_bot_is_not_even_asked_about(stage: Stage) -> None:
    await permission(stage, "dependabot[bot]")
    assert stage.forge.calls == ()
