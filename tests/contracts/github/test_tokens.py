"""Tokens against a GitHub: what it grants, what it enforces, what it says when it will not."""

import time
from dataclasses import replace

import pytest

from forgehand.adapters.github import AppTokens, Vault, performers
from forgehand.adapters.github.calls import RepoCalls
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import StickyComment
from forgehand.domain.repositories import Repo
from forgehand.ports.github import NotPermitted, Token
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

MINT = "/app/installations/{installation_id}/access_tokens"


def mints(stage: Stage) -> list[object]:
    return [call.request for call in stage.forge.calls if call.route == MINT and call.status == 201]


async def test_a_token_reaches_one_repository_with_the_permissions_asked_for(stage: Stage) -> None:
    other = stage.forge.create_repository("octo/other")
    token = await stage.tokens.token(stage.repo, {"contents": "read"})
    assert mints(stage) == [{"repository_ids": [stage.repo.id], "permissions": {"contents": "read"}}]
    own = await stage.github.get("/repos/octo/sample", token)
    assert own.data["full_name"] == "octo/sample"
    with pytest.raises(NotPermitted, match="pull_requests: write"):
        await stage.github.write("POST", f"/repos/octo/sample/pulls/{stage.number}/reviews", token, body={"body": "x"})
    calls = RepoCalls(stage.github, _Always(token), {})
    with pytest.raises(Exception, match=r"nothing at|does not permit|lacks"):
        await calls.get(Repo(stage.repo.installation, other.id, "octo/other"), "contents/x")


async def test_a_token_is_cached_and_renewed_before_it_expires(stage: Stage) -> None:
    now = time.time()
    async with stage.client(clock=lambda: now) as github:
        tokens = AppTokens(github)
        first = await tokens.token(stage.repo, {"contents": "read"})
        assert await tokens.token(stage.repo, {"contents": "read"}) is first
        now += 3600 - 240
        assert (await tokens.token(stage.repo, {"contents": "read"})).value != first.value
    assert len(mints(stage)) == 2


async def test_processes_share_tokens_through_the_store_without_showing_them(stage: Stage) -> None:
    store = MemoryStore()
    await store.open()
    key = "the operator's key, 32 characters or more"
    first = await AppTokens(stage.github, Vault(store, key)).token(stage.repo, {"contents": "read"})
    async with stage.client() as github:
        second = await AppTokens(github, Vault(store, key)).token(stage.repo, {"contents": "read"})
    assert second == first
    assert len(mints(stage)) == 1


async def test_a_revoked_token_is_replaced_and_the_call_made_once_more(stage: Stage) -> None:
    effect = comment(stage)
    await stage.do(effect)
    for name, token in list(stage.forge.world.tokens.items()):
        stage.forge.world.tokens[name] = replace(token, revoked=True)
    stage.forge.clear_calls()
    changed = replace(effect, body="again")
    await stage.do(changed)
    [kept] = stage.forge.comments(stage.name, stage.number)
    assert kept.body.startswith("again")
    assert len(mints(stage)) == 1


async def test_a_permission_the_installation_lacks_is_named_with_the_page_that_grants_it(stage: Stage) -> None:
    with pytest.raises(NotPermitted) as caught:
        await stage.tokens.token(stage.repo, {"deployments": "write"})
    assert "no token for octo/sample: the installation lacks the permission deployments: write" in caught.value.why
    assert f"installations/{stage.installation.id}" in caught.value.why


async def test_a_repository_outside_the_installation_is_named(stage: Stage) -> None:
    elsewhere = stage.forge.create_repository("someone/else")
    with pytest.raises(NotPermitted, match="the App has no access to someone/else; add the repository"):
        await stage.tokens.token(Repo(stage.installation.id, elsewhere.id, "someone/else"), {"contents": "read"})


async def test_a_suspended_installation_is_named(stage: Stage) -> None:
    stage.forge.suspend(stage.installation)
    with pytest.raises(NotPermitted, match="the App's installation is suspended; lift that at http"):
        await stage.tokens.token(stage.repo, {"contents": "read"})


async def test_an_installation_that_is_gone_is_named(stage: Stage) -> None:
    stage.forge.uninstall(stage.installation)
    with pytest.raises(NotPermitted, match="is not installed for octo/sample any more"):
        await stage.tokens.token(stage.repo, {"contents": "read"})


async def test_a_wrong_private_key_is_named(stage: Stage) -> None:
    other = stage.forge.create_app("other")
    async with stage.client(private_key=other.private_key) as github:
        with pytest.raises(NotPermitted, match="GITHUB_APP_PRIVATE_KEY is not a key of the App"):
            await AppTokens(github).token(stage.repo, {"contents": "read"})


async def test_a_wrong_app_id_is_named(stage: Stage) -> None:
    async with stage.client(app_id=999_999) as github:
        with pytest.raises(NotPermitted, match="GITHUB_APP_ID"):
            await AppTokens(github).token(stage.repo, {"contents": "read"})


async def test_the_client_id_signs_in_as_well(stage: Stage) -> None:
    async with stage.client(app_id=stage.app.client_id) as github:
        assert (await AppTokens(github).token(stage.repo, {"contents": "read"})).value


async def test_write_tokens_stay_inside_the_adapter(stage: Stage) -> None:
    receipt = await stage.do(comment(stage))
    own = performers(stage.github, stage.tokens, stage.identity, stage.store)
    shown = f"{receipt!r} {own!r} {vars(stage.tokens)!r}"
    assert all(value not in shown for value in stage.forge.world.tokens)


class _Always:
    def __init__(self, token: Token) -> None:
        self._token = token

    async def token(self, repo: object, permissions: object) -> Token:
        return self._token

    async def forget(self, repo: object, permissions: object) -> None:
        """There is no other."""


def comment(stage: Stage) -> StickyComment:
    subject = f"pull/{stage.number}"
    return StickyComment(
        repo=stage.repo, subject=subject, worker="review", purpose="summary", number=stage.number, body="All good."
    )
