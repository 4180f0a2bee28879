"""The one HTTP client: what it sends, when it does not, and what it makes of broken answers."""

import asyncio
import logging
from collections.abc import Callable

import anyio
import httpx
import pytest

from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.ports.github import NotPermitted, Throttled, Token, TooLate, Unprocessable, Unreachable
from support.scripted_github import API, Clock, Script, ScriptedGitHub, pem, reply, sequence

pytestmark = pytest.mark.anyio

VALUE = "ghs_" + "a1B2" * 10
TOKEN = Token(VALUE, 9e9)


def client(
    script: Script, clock: Callable[[], float] | None = None, **options: object
) -> tuple[GitHub, ScriptedGitHub]:
    server = ScriptedGitHub(script)
    settings: dict[str, object] = {"app_id": 7, "private_key": pem(), "user_agent": "forgehand/0", "pause": 0.001}
    github = GitHub(API, transport=server.transport, clock=clock or Clock(), **(settings | options))  # type: ignore[arg-type]
    return github, server


async def test_a_read_is_repeated_after_a_5xx() -> None:
    github, server = client(sequence(reply(502), reply(503), reply(200, {"id": 7})))
    async with github:
        answer = await github.get("/repos/o/r", TOKEN)
    assert answer.data == {"id": 7}
    assert len(server.requests) == 3


async def test_a_read_is_given_up_after_three_attempts() -> None:
    github, server = client(lambda request: reply(502, {"message": "Server Error"}))
    async with github:
        with pytest.raises(Unreachable, match=r"502.*Server Error"):
            await github.get("/repos/o/r", TOKEN)
    assert len(server.requests) == 3


async def test_a_refused_read_is_not_repeated() -> None:
    github, server = client(lambda request: reply(422, {"message": "no"}))
    async with github:
        with pytest.raises(Unprocessable):
            await github.get("/repos/o/r", TOKEN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
async def test_a_write_is_never_repeated(method: str) -> None:
    github, server = client(lambda request: reply(502))
    async with github:
        with pytest.raises(Unreachable) as caught:
            await github.write(method, "/repos/o/r/issues", TOKEN, body={})  # type: ignore[arg-type]
    assert caught.value.sent
    assert len(server.requests) == 1


async def test_a_write_is_not_sent_after_its_time() -> None:
    clock = Clock()
    github, server = client(lambda request: reply(201, {}), clock)
    async with github:
        with pytest.raises(TooLate):
            await github.write("POST", "/repos/o/r/issues", TOKEN, send_before=clock.now)
    assert server.requests == []


async def test_a_write_that_waits_for_another_too_long_is_not_sent() -> None:
    clock = Clock()
    held, release = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        held.set()
        await release.wait()
        return reply(201, {})

    github = GitHub(API, transport=httpx.MockTransport(slow), clock=clock)
    async with github, anyio.create_task_group() as group:
        group.start_soon(lambda: github.write("POST", "/first", TOKEN, lane=5))
        await held.wait()
        with pytest.raises(TooLate):
            await github.write("POST", "/second", TOKEN, lane=5, send_before=clock.now + 0.05)
        release.set()
    assert sent == ["/first"]


async def test_writes_of_one_installation_go_one_at_a_time_and_others_do_not_wait() -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    both = asyncio.Event()

    async def count(request: httpx.Request) -> httpx.Response:
        lane = request.url.path
        running[lane] = running.get(lane, 0) + 1
        most[lane] = max(most.get(lane, 0), running[lane])
        if len(most) == 2:
            both.set()
        await both.wait()
        running[lane] -= 1
        return reply(201, {})

    github = GitHub(API, transport=httpx.MockTransport(count), clock=Clock())
    async with github, anyio.create_task_group() as group:
        for lane in (1, 2):
            for _ in range(4):
                group.start_soon(lambda lane=lane: github.write("POST", f"/{lane}", TOKEN, lane=lane))
    assert most == {"/1": 1, "/2": 1}


async def test_a_connection_that_never_came_about_says_that_nothing_was_sent() -> None:
    github, _ = client(sequence(httpx.ConnectError("refused")))
    async with github:
        with pytest.raises(Unreachable, match="could not be reached") as caught:
            await github.write("POST", "/repos/o/r/issues", TOKEN)
    assert not caught.value.sent


async def test_a_connection_cut_on_the_way_is_ambiguous() -> None:
    github, _ = client(sequence(httpx.RemoteProtocolError("Server disconnected without sending a response.")))
    async with github:
        with pytest.raises(Unreachable) as caught:
            await github.write("POST", "/repos/o/r/issues", TOKEN)
    assert caught.value.sent


async def test_an_answer_that_does_not_come_is_given_up_in_time() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    github = GitHub(API, transport=httpx.MockTransport(never), clock=Clock(), answer_seconds=0.05)
    async with github:
        with anyio.fail_after(5), pytest.raises(Unreachable, match=r"no answer .* within 0.05 s") as caught:
            await github.write("POST", "/repos/o/r/issues", TOKEN)
    assert caught.value.sent


async def test_what_answers_without_json_is_not_github() -> None:
    github, _ = client(lambda request: httpx.Response(200, text="<html>captive portal</html>"))
    async with github:
        with pytest.raises(Unreachable, match="is not GitHub"):
            await github.write("POST", "/repos/o/r/issues", TOKEN)


async def test_after_a_limit_nothing_is_sent_until_it_ends() -> None:
    clock = Clock()
    limit = reply(403, {"message": "You have exceeded a secondary rate limit"}, retry_after="30")
    github, server = client(sequence(limit, reply(200, {}), reply(200, {})), clock)
    async with github:
        with pytest.raises(Throttled):
            await github.get("/one", TOKEN, lane=5)
        with pytest.raises(Throttled) as caught:
            await github.get("/two", TOKEN, lane=5)
        assert caught.value.after == 30.0
        await github.get("/other-installation", TOKEN, lane=6)
        clock.now += 31
        await github.get("/three", TOKEN, lane=5)
    assert server.asked == ["GET /one", "GET /other-installation", "GET /three"]


async def test_a_redirect_within_github_is_followed() -> None:
    github, server = client(sequence(reply(301, location=f"{API}/repositories/1"), reply(200, {"id": 1})))
    async with github:
        assert (await github.get("/repos/old/name", TOKEN)).data == {"id": 1}
    assert server.requests[1].headers["authorization"] == f"Bearer {VALUE}"


async def test_a_redirect_elsewhere_is_refused() -> None:
    github, server = client(sequence(reply(302, location="https://evil.example/steal")))
    async with github:
        with pytest.raises(Unprocessable, match=r"evil\.example"):
            await github.get("/repos/o/r", TOKEN)
    assert len(server.requests) == 1


async def test_the_next_page_is_asked_of_the_same_server_whatever_the_link_says() -> None:
    link = '<https://evil.example/repos/o/r/pulls?page=2&per_page=100>; rel="next"'
    github, server = client(sequence(reply(200, [1], link=link), reply(200, [2])))
    async with github:
        pages = [page.data async for page in github.pages("/repos/o/r/pulls", TOKEN)]
    assert pages == [[1], [2]]
    assert [str(request.url) for request in server.requests] == [
        f"{API}/repos/o/r/pulls?per_page=100",
        f"{API}/repos/o/r/pulls?page=2&per_page=100",
    ]


async def test_an_enterprise_servers_pages_stay_below_its_root() -> None:
    root = "https://ghe.example.org/api/v3"
    server = ScriptedGitHub(
        sequence(reply(200, [1], link=f'<{root}/repos/o/r/pulls?page=2>; rel="next"'), reply(200, [2]))
    )
    async with GitHub(root, transport=server.transport, clock=Clock()) as github:
        assert [page.data async for page in github.pages("/repos/o/r/pulls", TOKEN)] == [[1], [2]]
        assert github.web_url == "https://ghe.example.org"
    assert [request.url.path for request in server.requests] == ["/api/v3/repos/o/r/pulls"] * 2


async def test_a_304_has_no_data() -> None:
    github, server = client(sequence(reply(304)))
    async with github:
        answer = await github.get("/repos/o/r/pulls", TOKEN, etag='"abc"')
    assert (answer.status, answer.data) == (304, None)
    assert server.requests[0].headers["if-none-match"] == '"abc"'


async def test_every_request_says_who_we_are_and_which_api_we_speak() -> None:
    github, server = client(lambda request: reply(200, {}))
    async with github:
        await github.get("/app", Actor.APP)
        await github.get("/meta", Actor.NOBODY)
    app, nobody = server.requests
    assert app.headers["user-agent"] == "forgehand/0"
    assert app.headers["accept"] == "application/vnd.github+json"
    assert app.headers["x-github-api-version"] == "2022-11-28"
    assert app.headers["authorization"].startswith("Bearer ey")
    assert "authorization" not in nobody.headers


async def test_without_an_app_only_tokens_work() -> None:
    server = ScriptedGitHub(lambda request: reply(200, {}))
    async with GitHub(API, transport=server.transport) as github:
        await github.get("/user", TOKEN)
        with pytest.raises(NotPermitted, match="GITHUB_APP_ID"):
            await github.get("/app", Actor.APP)


async def test_tasks_that_did_not_open_the_client_share_it() -> None:
    github, _ = client(lambda request: reply(200, {}))
    start = asyncio.Event()
    answers: list[int] = []

    async def early() -> None:
        await start.wait()
        answers.append((await github.get("/meta", Actor.NOBODY)).status)

    async with anyio.create_task_group() as group:
        group.start_soon(early)
        await github.aopen()
        start.set()
    await github.aclose()
    assert answers == [200]


async def test_no_error_or_log_shows_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    failures: list[Script] = [
        sequence(*[reply(502)] * 3),
        sequence(reply(403, {"message": "no"})),
        sequence(*[httpx.ReadTimeout("slow")] * 3),
        sequence(*[httpx.Response(200, text="no json")] * 3),
    ]
    for script in failures:
        github, _ = client(script)
        async with github:
            with pytest.raises(Exception) as caught:
                await github.get("/repos/o/r", TOKEN)
        shown = f"{caught.value!r} {caught.value} {caught.getrepr(style='long', showlocals=False, chain=True)}"
        assert VALUE not in shown
    assert VALUE not in caplog.text
    assert VALUE not in repr(TOKEN)


def test_a_key_that_is_no_key_is_refused_at_start() -> None:
    with pytest.raises(NotPermitted, match="GITHUB_APP_PRIVATE_KEY is no private key"):
        GitHub(API, app_id=7, private_key="not a key")


@pytest.mark.parametrize(
    ("app_id", "key", "missing"), [(7, None, "GITHUB_APP_PRIVATE_KEY"), (None, "x", "GITHUB_APP_ID")]
)
def test_half_an_app_names_the_other_half(app_id: int | None, key: str | None, missing: str) -> None:
    with pytest.raises(NotPermitted, match=f"{missing} is missing"):
        GitHub(API, app_id=app_id, private_key=key)


def test_tokens_are_not_sent_in_clear_over_the_net() -> None:
    with pytest.raises(ValueError, match="https://"):
        GitHub("http://github.example.org")
    assert GitHub("http://127.0.0.1:9/").api_url == "http://127.0.0.1:9"
