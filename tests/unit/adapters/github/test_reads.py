"""Readers and identity where the practice forge has no such case: personal listings, odd answers, races."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from forgehand.adapters.github import AppTokens, GitHub, Identity, OpenPullReader, PersonalTokens, PullReader
from forgehand.domain.effects import marker
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Throttled, Unreachable
from support.scripted_github import API, Clock, Reply, ScriptedGitHub, pem, reply, routes

pytestmark = pytest.mark.anyio

REPO = Repo(0, 42, "octo/hello")
PERSONAL = PersonalTokens("ghp_" + "x" * 36)


async def test_a_person_sees_all_pages_of_their_repositories_but_no_archived_ones() -> None:
    link = f'<{API}/user/repos?page=2>; rel="next"'
    pages = iter(
        [
            reply(
                200, [{"id": 1, "full_name": "me/one"}, {"id": 2, "full_name": "me/old", "archived": True}], link=link
            ),
            reply(200, [{"id": 3, "full_name": "me/three", "archived": False}]),
        ]
    )
    server = ScriptedGitHub(lambda request: next(pages))
    async with GitHub(API, transport=server.transport) as github:
        found = await OpenPullReader(github, PERSONAL).repositories()
    assert found == [Repo(0, 1, "me/one"), Repo(0, 3, "me/three")]


async def test_an_installation_that_gives_no_token_does_not_hide_the_others() -> None:
    gone = reply(404, {"message": "Not Found"})
    token = {"token": "ghs_" + "x" * 36, "expires_at": "2099-01-01T00:00:00Z"}
    server = ScriptedGitHub(
        routes(
            {
                "GET /app/installations": reply(200, [{"id": 1, "suspended_at": None}, {"id": 2}]),
                "POST /app/installations/1/access_tokens": gone,
                "POST /app/installations/2/access_tokens": reply(201, token),
                "GET /installation/repositories": reply(200, {"repositories": [{"id": 5, "full_name": "o/r"}]}),
            }
        )
    )
    async with GitHub(API, app_id=7, private_key=pem(), transport=server.transport, clock=Clock()) as github:
        assert await OpenPullReader(github, AppTokens(github)).repositories() == [Repo(2, 5, "o/r")]


@pytest.mark.parametrize("refused", [(403, "You have exceeded a secondary rate limit."), (502, "Away."), (422, "No.")])
@pytest.mark.parametrize("call", ["POST /app/installations/1/access_tokens", "GET /installation/repositories"])
async def test_an_installation_that_does_not_answer_does_not_hide_the_others(
    call: str, refused: tuple[int, str]
) -> None:
    async with listing({call: {1: refused}}) as reader:
        assert await reader.repositories() == [Repo(2, 5, "o/r2")]


async def test_that_no_repository_answers_now_does_not_pass_for_there_being_none() -> None:
    limited = (429, "Slow down.")
    async with listing({"GET /installation/repositories": {1: limited, 2: limited}}) as reader:
        with pytest.raises(Throttled):
            await reader.repositories()


@asynccontextmanager
async def listing(refused: dict[str, dict[int, tuple[int, str]]]) -> AsyncIterator[OpenPullReader]:
    """Two installations of one repository each, and what calls about each of them are refused with."""

    def answer(call: str, number: int, given: Reply) -> Reply:
        status, message = refused.get(call, {}).get(number, (0, ""))
        return reply(status, {"message": message}) if status else given

    def mint(request: httpx.Request) -> Reply:
        number = int(request.url.path.split("/")[-2])
        token = {"token": f"ghs_{number}" + "x" * 35, "expires_at": "2099-01-01T00:00:00Z"}
        return answer(f"POST /app/installations/{number}/access_tokens", number, reply(201, token))

    def listed(request: httpx.Request) -> Reply:
        number = int(request.headers["authorization"].partition("ghs_")[2][0])
        repository = {"id": 3 + number, "full_name": f"o/r{number}"}
        return answer("GET /installation/repositories", number, reply(200, {"repositories": [repository]}))

    server = ScriptedGitHub(
        routes(
            {
                "GET /app/installations": reply(200, [{"id": 1}, {"id": 2}]),
                "GET /app/installations/1": reply(200, {"permissions": {"metadata": "read"}}),
                "POST /app/installations/1/access_tokens": mint,
                "POST /app/installations/2/access_tokens": mint,
                "GET /installation/repositories": listed,
            }
        )
    )
    options: dict[str, Any] = {"app_id": 7, "private_key": pem(), "transport": server.transport, "clock": Clock()}
    async with GitHub(API, pause=0.001, **options) as github:
        yield OpenPullReader(github, AppTokens(github))


PULL: dict[str, Any] = {
    "number": 7,
    "title": "A change",
    "state": "open",
    "user": None,
    "head": {"sha": "a" * 40, "ref": "topic", "repo": None},
    "base": {"sha": "b" * 40, "ref": "main"},
    "html_url": "https://github.com/octo/hello/pull/7",
    "updated_at": "2026-01-31T12:00:00Z",
}


async def test_a_deleted_author_and_a_deleted_fork_are_no_error() -> None:
    server = ScriptedGitHub(lambda request: reply(200, PULL))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        pull = await PullReader(github, PERSONAL, Identity(github)).pull(REPO, 7)
    assert (pull.author, pull.head_repository, pull.draft, pull.mergeable) == ("ghost", None, False, None)


@pytest.mark.parametrize("answer", [{}, {**PULL, "head": None}, {**PULL, "number": "seven"}, ["no", "object"], None])
async def test_an_answer_of_another_shape_is_no_answer(answer: Any) -> None:
    server = ScriptedGitHub(lambda request: reply(200, answer))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        with pytest.raises(Unreachable, match="is no pull request"):
            await PullReader(github, PERSONAL, Identity(github)).pull(REPO, 7)


async def test_with_id_and_slug_given_nobody_has_to_be_asked_who_we_are() -> None:
    server = ScriptedGitHub(lambda request: reply(500))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        us = await Identity(github).get()
    assert (us.login, us.type, us.app_id) == ("helper[bot]", "Bot", 7)
    assert server.requests == []


async def test_who_we_are_is_learned_from_github_once_it_is_asked_whatever_was_given() -> None:
    answers = iter([reply(200, {"id": 8, "slug": "renamed"}), reply(500)])
    server = ScriptedGitHub(lambda request: next(answers))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        identity = Identity(github)
        asked = await identity.ask()
        assert (asked.login, asked.app_id) == ("renamed[bot]", 8)
        assert await identity.get() == asked
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("user", "ours"),
    [
        ({"login": "helper[bot]", "type": "Bot"}, True),
        ({"login": "Helper[bot]", "type": "Bot"}, True),
        ({"login": "helper[bot]", "type": "User"}, False),
        ({"login": "helper", "type": "Bot"}, False),
        (None, False),
    ],
)
async def test_only_our_own_bot_is_us(user: Any, ours: bool) -> None:
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper") as github:
        us = await Identity(github).get()
    assert us.wrote({"user": user, "performed_via_github_app": {"id": 7}}) is ours


@pytest.mark.parametrize(("body", "ours"), [("No.", False), (f"No.\n\n{marker('a' * 32)}", True)])
async def test_a_person_is_us_only_where_they_sign_as_we_do(body: str, ours: bool) -> None:
    server = ScriptedGitHub(lambda request: reply(200, {"login": "kim", "type": "User"}))
    async with GitHub(API, transport=server.transport) as github:
        us = await Identity(github, PERSONAL.person).get()
    assert us.said({"user": {"login": "kim", "type": "User"}, "body": body}) is ours
    assert not us.said({"user": {"login": "lee", "type": "User"}, "body": body})
