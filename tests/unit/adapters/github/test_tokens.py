"""Tokens: as narrow as asked, minted once, renewed in time, shared only encrypted, refused with a reason."""

from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.tokens import AppTokens, PersonalTokens, missing_permissions
from forgehand.adapters.github.vault import Vault
from forgehand.domain.repositories import Repo
from forgehand.ports.github import NotPermitted, Token, Unreachable
from forgehand.ports.store import StoreUnavailable
from support.scripted_github import API, Clock, Reply, ScriptedGitHub, body_of, pem, reply, routes

pytestmark = pytest.mark.anyio

REPO = Repo(installation=11, id=42, full_name="octo/hello")
MINT = "POST /app/installations/11/access_tokens"
OPERATOR_KEY = "an operator's own setting of 32 characters"


class Shelf:
    """`ports.store.Secrets` in memory, as every process sees it."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes, float]] = {}
        self.down = False

    async def get_secret(self, name: str, now: float) -> bytes | None:
        self._answer()
        value, expires_at = self.values.get(name, (b"", 0.0))
        return value if expires_at > now else None

    async def put_secret(self, name: str, value: bytes, expires_at: float) -> None:
        self._answer()
        self.values[name] = (value, expires_at)

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("the store is away")


class Mint:
    """Answers token requests with a new value each, an hour long by the given clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bodies: list[Any] = []
        self.values: list[str] = []

    def __call__(self, request: httpx.Request) -> Reply:
        self.bodies.append(body_of(request))
        self.values.append("ghs_" + f"{len(self.bodies):04d}" * 9)
        expires = datetime.fromtimestamp(self.clock.now + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return reply(201, {"token": self.values[-1], "expires_at": expires})


def github(server: ScriptedGitHub, clock: Clock) -> GitHub:
    return GitHub(API, app_id=7, private_key=pem(), transport=server.transport, clock=clock, pause=0.001)


async def test_a_token_is_asked_for_one_repository_with_exactly_these_permissions() -> None:
    clock = Clock()
    mint = Mint(clock)
    server = ScriptedGitHub(routes({MINT: mint}))
    async with github(server, clock) as client:
        token = await AppTokens(client).token(REPO, {"pull_requests": "write"})
    assert mint.bodies == [{"repository_ids": [42], "permissions": {"pull_requests": "write"}}]
    assert token == Token(mint.values[0], clock.now + 3600)


async def test_the_same_ask_gets_the_same_token_and_another_ask_another() -> None:
    clock = Clock()
    mint = Mint(clock)
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        tokens = AppTokens(client)
        first = await tokens.token(REPO, {"a": "read", "b": "write"})
        again = await tokens.token(REPO, {"b": "write", "a": "read"})
        wider = await tokens.token(REPO, {"a": "write", "b": "write"})
        elsewhere = await tokens.token(Repo(11, 43, "octo/other"), {"a": "read", "b": "write"})
    assert first == again
    assert len({first.value, wider.value, elsewhere.value}) == 3


async def test_askers_at_the_same_time_share_one_mint() -> None:
    clock = Clock()
    mint = Mint(clock)
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        tokens = AppTokens(client)
        got: list[Token] = []

        async def ask() -> None:
            got.append(await tokens.token(REPO, {"contents": "read"}))

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(ask)
    assert len(mint.bodies) == 1
    assert len({token.value for token in got}) == 1


async def test_a_token_is_renewed_five_minutes_before_it_ends() -> None:
    clock = Clock()
    mint = Mint(clock)
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        tokens = AppTokens(client)
        first = await tokens.token(REPO, {"contents": "read"})
        clock.now += 3600 - 301
        assert await tokens.token(REPO, {"contents": "read"}) == first
        clock.now += 2
        assert await tokens.token(REPO, {"contents": "read"}) != first


async def test_processes_share_a_token_that_the_store_never_sees() -> None:
    clock = Clock()
    mint = Mint(clock)
    shelf = Shelf()
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as one:
        first = await AppTokens(one, Vault(shelf, OPERATOR_KEY)).token(REPO, {"contents": "read"})
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as other:
        second = await AppTokens(other, Vault(shelf, OPERATOR_KEY)).token(REPO, {"contents": "read"})
    assert second == first
    assert len(mint.bodies) == 1
    [(name, (sealed, expires_at))] = shelf.values.items()
    assert first.value.encode() not in sealed
    assert b"ghs_" not in sealed
    assert first.value not in name
    assert expires_at == first.expires_at


async def test_another_key_opens_nothing() -> None:
    clock = Clock()
    mint = Mint(clock)
    shelf = Shelf()
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        await AppTokens(client, Vault(shelf, OPERATOR_KEY)).token(REPO, {"contents": "read"})
        await AppTokens(client, Vault(shelf, "another " + OPERATOR_KEY)).token(REPO, {"contents": "read"})
    assert len(mint.bodies) == 2


async def test_a_sealed_token_moved_to_another_name_does_not_open() -> None:
    shelf = Shelf()
    vault = Vault(shelf, OPERATOR_KEY)
    await vault.put("token:mine", Token("ghs_x", 9e9))
    shelf.values["token:yours"] = shelf.values["token:mine"]
    assert await vault.get("token:mine", 0) == Token("ghs_x", 9e9)
    assert await vault.get("token:yours", 0) is None


async def test_without_the_store_a_token_is_minted_all_the_same() -> None:
    clock = Clock()
    mint = Mint(clock)
    shelf = Shelf()
    shelf.down = True
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        assert (await AppTokens(client, Vault(shelf, OPERATOR_KEY)).token(REPO, {"contents": "read"})).value
    assert shelf.values == {}


async def test_a_forgotten_token_is_not_taken_from_the_shared_cache_either() -> None:
    clock = Clock()
    mint = Mint(clock)
    shelf = Shelf()
    async with github(ScriptedGitHub(routes({MINT: mint})), clock) as client:
        tokens = AppTokens(client, Vault(shelf, OPERATOR_KEY))
        first = await tokens.token(REPO, {"contents": "read"})
        await tokens.forget(REPO, {"contents": "read"})
        assert await tokens.token(REPO, {"contents": "read"}) != first


def installation(**changes: Any) -> Reply:
    return reply(
        200,
        {
            "id": 11,
            "html_url": "https://github.com/organizations/octo/settings/installations/11",
            "permissions": {"metadata": "read", "contents": "read", "pull_requests": "read"},
            "suspended_at": None,
        }
        | changes,
    )


@pytest.mark.parametrize(
    ("refused", "seen", "sentence"),
    [
        (
            reply(422, {"message": "The permissions requested are not granted to this installation."}),
            installation(),
            (
                "no token for octo/hello: the installation lacks the permission checks: write, the permission "
                "pull_requests: write; grant it on the App's settings page, then accept it at "
                "https://github.com/organizations/octo/settings/installations/11"
            ),
        ),
        (
            reply(422, {"message": "There is at least one repository that does not exist or is not accessible"}),
            installation(permissions={"checks": "write", "pull_requests": "write"}),
            (
                "the App has no access to octo/hello; add the repository to the installation at "
                "https://github.com/organizations/octo/settings/installations/11"
            ),
        ),
        (
            reply(403, {"message": "This installation has been suspended"}),
            installation(suspended_at="2026-01-01T00:00:00Z"),
            (
                "no token for octo/hello: the App's installation is suspended; lift that at "
                "https://github.com/organizations/octo/settings/installations/11"
            ),
        ),
        (
            reply(404, {"message": "Not Found"}),
            reply(404, {"message": "Not Found"}),
            "the App is not installed for octo/hello any more (installation 11 is gone)",
        ),
    ],
)
async def test_a_refused_mint_says_what_is_missing_and_where(refused: Reply, seen: Reply, sentence: str) -> None:
    clock = Clock()
    server = ScriptedGitHub(routes({MINT: refused, "GET /app/installations/11": seen}))
    async with github(server, clock) as client:
        with pytest.raises(NotPermitted) as caught:
            await AppTokens(client).token(REPO, {"pull_requests": "write", "checks": "write"})
    assert caught.value.why == sentence


async def test_a_wrong_key_is_what_the_mint_says_too() -> None:
    refused = reply(401, {"message": "A JSON web token could not be decoded"})
    clock = Clock()
    async with github(ScriptedGitHub(lambda request: refused), clock) as client:
        with pytest.raises(NotPermitted, match="GITHUB_APP_PRIVATE_KEY is not a key of the App"):
            await AppTokens(client).token(REPO, {"contents": "read"})


async def test_a_mint_without_an_answer_is_not_repeated() -> None:
    clock = Clock()
    server = ScriptedGitHub(lambda request: reply(502))
    async with github(server, clock) as client:
        with pytest.raises(Unreachable):
            await AppTokens(client).token(REPO, {"contents": "read"})
    assert server.asked == [MINT]


async def test_a_personal_token_is_given_as_it_is() -> None:
    value = "ghp_" + "x" * 36
    tokens = PersonalTokens(value)
    assert (await tokens.token(REPO, {"contents": "write"})).value == value
    assert value not in repr(await tokens.token(REPO, {}))


@pytest.mark.parametrize(
    ("wanted", "granted", "missing"),
    [
        ({"checks": "write"}, {"checks": "write"}, {}),
        ({"checks": "read"}, {"checks": "write"}, {}),
        ({"checks": "write"}, {"checks": "read"}, {"checks": "write"}),
        ({"checks": "write", "contents": "read"}, {"contents": "read"}, {"checks": "write"}),
        ({"administration": "write"}, {"administration": "admin"}, {}),
        ({"metadata": "read"}, {}, {}),
    ],
)
def test_missing_permissions_are_those_the_grants_do_not_cover(
    wanted: dict[str, str], granted: dict[str, str], missing: dict[str, str]
) -> None:
    assert missing_permissions(wanted, granted) == missing
