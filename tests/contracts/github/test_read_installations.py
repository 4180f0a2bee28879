"""Where our App is installed, and whether it may start workflows there."""

from dataclasses import replace

import pytest

from forgehand.adapters.github import GitHub, InstallationReader, PersonalTokens
from forgehand.domain.repositories import Repo
from forgehand.ports.workflows import NotInstalled, PermissionMissing
from forgehand.practice import Forge
from support.github_stage import PERMISSIONS, Stage

pytestmark = pytest.mark.anyio


async def find(stage: Stage, name: str) -> Repo | NotInstalled | PermissionMissing:
    return await InstallationReader(stage.github, stage.tokens).find(name)


async def test_a_repository_of_another_owner_is_found_through_its_own_installation(stage: Stage) -> None:
    made = stage.forge.create_repository("acme/shop")
    installation = stage.forge.install(stage.app, "acme")
    assert await find(stage, "octo/sample") == stage.repo
    assert await find(stage, "acme/shop") == Repo(installation.id, made.id, "acme/shop")


async def test_one_that_no_installation_includes_is_not_installed(stage: Stage) -> None:
    stage.forge.create_repository("acme/shop")
    stage.forge.create_repository("octo/other")
    stage.forge.select_repositories(stage.installation, ["octo/sample"])
    for name in ("acme/shop", "octo/other", "octo/gone", "../sample", "octo", "octo/sample/pulls"):
        assert isinstance(await find(stage, name), NotInstalled), name


async def test_a_suspended_installation_reaches_nothing(stage: Stage) -> None:
    stage.forge.suspend(stage.installation)
    found = await find(stage, stage.name)
    assert isinstance(found, NotInstalled)
    assert "suspended" in found.why


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [({"actions": "read"}, "actions: write"), ({"contents": None}, "contents: read")],
)
async def test_an_installation_that_grants_too_little_is_told_apart(
    stage: Stage, changed: dict[str, str | None], lacks: str
) -> None:
    granted = {name: level for name, level in (PERMISSIONS | changed).items() if level}
    stage.forge.world.installations[stage.installation.id] = replace(stage.installation, permissions=granted)
    found = await find(stage, stage.name)
    assert isinstance(found, PermissionMissing)
    assert f"octo/sample lacks {lacks}: grant it" in found.why
    assert f"/installations/{stage.installation.id}" in found.why


async def test_a_persons_token_reaches_where_the_person_may_write(forge: Forge) -> None:
    own, theirs = forge.create_repository("dev/own"), forge.create_repository("acme/shop")
    forge.set_collaborator("acme/shop", "dev", "read")
    async with GitHub(forge.url, user_agent="forgehand/test") as github:
        reader = InstallationReader(github, PersonalTokens(forge.create_token("dev")))
        assert await reader.find("dev/own") == Repo(0, own.id, "dev/own")
        assert isinstance(await reader.find("acme/shop"), PermissionMissing)
        forge.set_collaborator("acme/shop", "dev", "write")
        assert await reader.find("acme/shop") == Repo(0, theirs.id, "acme/shop")
        assert isinstance(await reader.find("dev/gone"), NotInstalled)
