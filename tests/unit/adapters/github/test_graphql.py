"""GraphQL through the one client: where it is asked, what is repeated, what its refusals mean."""

import pytest

from forgehand.adapters.github import graphql
from forgehand.adapters.github.client import GitHub
from forgehand.ports.github import GitHubError, NotFound, NotPermitted, Throttled, Token, Unprocessable, Unreachable
from support.scripted_github import API, Clock, Script, ScriptedGitHub, body_of, reply, sequence

pytestmark = pytest.mark.anyio

TOKEN = Token("ghs_" + "a1B2" * 10, 9e9)
QUERY = "query Where($id: ID!) { node(id: $id) { id } }"
MUTATION = "mutation Do($id: ID!) { resolve(id: $id) { id } }"
LIMITED = {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
USED_UP = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(Clock().now) + 90)}


def client(script: Script, url: str = API) -> tuple[GitHub, ScriptedGitHub]:
    server = ScriptedGitHub(script)
    return GitHub(url, transport=server.transport, clock=Clock(), pause=0.001), server


async def ask(script: Script, document: str = QUERY) -> object:
    github, _ = client(script)
    async with github:
        return await graphql.query(github, document, {"id": "T_1"}, TOKEN)


@pytest.mark.parametrize(
    ("api", "asked"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://github.example.org/api/v3", "https://github.example.org/api/graphql"),
        ("https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/graphql"),
    ],
)
async def test_it_is_asked_beside_rest(api: str, asked: str) -> None:
    github, server = client(lambda request: reply(200, {"data": {"node": None}}), api)
    async with github:
        assert await graphql.query(github, QUERY, {"id": "T_1"}, TOKEN) == {"node": None}
    [request] = server.requests
    assert str(request.url) == asked
    assert body_of(request) == {"query": QUERY, "variables": {"id": "T_1"}}
    assert request.headers["authorization"] == f"Bearer {TOKEN.value}"


async def test_a_query_is_repeated_and_never_ambiguous() -> None:
    assert await ask(sequence(reply(502), reply(200, {"data": 1}))) == 1
    with pytest.raises(Unreachable) as caught:
        await ask(lambda request: reply(502))
    assert not caught.value.sent


async def test_a_mutation_is_sent_once_and_is_ambiguous() -> None:
    github, server = client(lambda request: reply(502))
    async with github:
        with pytest.raises(Unreachable, match="GraphQL mutation Do") as caught:
            await graphql.mutate(github, MUTATION, {"id": "T_1"}, TOKEN)
    assert caught.value.sent
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "NOT_FOUND", "message": "Could not resolve to a node"}, NotFound),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, NotPermitted),
        ({"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted"}, NotPermitted),
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, Throttled),
        ({"type": "UNPROCESSABLE", "message": "no"}, Unprocessable),
        (
            {"message": "Field 'nod' doesn't exist on type 'Query'", "extensions": {"code": "undefinedField"}},
            Unprocessable,
        ),
        ({"message": "Something went wrong while executing your query."}, Unreachable),
    ],
)
async def test_a_refusal_means_what_rests_does(error: dict[str, object], kind: type[GitHubError]) -> None:
    with pytest.raises(kind) as caught:
        await ask(lambda request: reply(200, {"data": None, "errors": [error]}))
    assert str(error["message"])[:20] in caught.value.why or kind is Throttled


async def test_its_own_rate_limit_waits_for_the_reset() -> None:
    with pytest.raises(Throttled) as caught:
        await ask(lambda request: reply(200, LIMITED, **USED_UP))
    assert caught.value.after == 90


async def test_once_its_points_are_used_up_none_is_asked_for_and_rest_goes_on() -> None:
    github, server = client(sequence(reply(200, LIMITED, **USED_UP), reply(200, {}), reply(200, {"data": 1})))
    async with github:
        for _ in range(2):
            with pytest.raises(Throttled):
                await graphql.query(github, QUERY, {"id": "T_1"}, TOKEN, lane=5)
        await github.get("/rest", TOKEN, lane=5)
        assert await graphql.query(github, QUERY, {"id": "T_1"}, TOKEN, lane=6) == 1
    assert server.asked == ["POST /graphql", "GET /rest", "POST /graphql"]


async def test_any_other_limit_is_one_for_rest_too() -> None:
    github, server = client(sequence(reply(200, LIMITED, retry_after="9")))
    async with github:
        with pytest.raises(Throttled):
            await graphql.mutate(github, MUTATION, {"id": "T_1"}, TOKEN, lane=5)
        with pytest.raises(Throttled) as caught:
            await github.get("/rest", TOKEN, lane=5)
    assert caught.value.after == 9
    assert server.asked == ["POST /graphql"]


async def test_a_mutation_that_creates_too_quickly_is_tried_later() -> None:
    quickly = {"data": None, "errors": [{"type": "UNPROCESSABLE", "message": "was submitted too quickly"}]}
    github, _ = client(sequence(reply(200, quickly)))
    async with github:
        with pytest.raises(Throttled):
            await graphql.mutate(github, MUTATION, {"id": "T_1"}, TOKEN)
