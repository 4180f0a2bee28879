"""What every REST route has in common: pages, ETags, limits, errors, the record."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NoReturn

import httpx2
import pytest

from forgehand.practice.record import Call, Journal
from forgehand.practice.records import Quirks
from forgehand.practice.world import World
from support.forge import Sample, assert_understood, client

R = "/repos/octo/sample"


def test_a_list_is_cut_into_pages_that_link_to_each_other(sample: Sample, api: httpx2.Client) -> None:
    for i in range(7):
        sample.forge.comment("octo/sample", 1, "dev", f"number {i}")
    path = f"{R}/issues/1/comments"
    first = api.get(path, params={"per_page": 3})
    assert [c["body"] for c in first.json()] == ["number 0", "number 1", "number 2"]
    assert set(first.links) == {"next", "last"}
    second = api.get(first.links["next"]["url"])
    assert set(second.links) == {"prev", "next", "last", "first"}
    last = api.get(first.links["last"]["url"])
    assert [c["body"] for c in last.json()] == ["number 6"]
    assert set(last.links) == {"prev", "first"}
    assert "link" not in api.get(path).headers


def test_a_page_holds_a_hundred_at_most(sample: Sample, api: httpx2.Client) -> None:
    for i in range(101):
        sample.forge.comment("octo/sample", 1, "dev", f"number {i}")
    assert len(api.get(f"{R}/issues/1/comments", params={"per_page": 500}).json()) == 100
    assert len(api.get(f"{R}/issues/1/comments").json()) == 30


def test_an_unchanged_answer_is_304_and_free(sample: Sample, api: httpx2.Client) -> None:
    first = api.get(f"{R}/issues/1")
    tag = {"If-None-Match": first.headers["etag"]}
    second = api.get(f"{R}/issues/1", headers=tag)
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    sample.forge.comment("octo/sample", 1, "dev", "news")
    third = api.get(f"{R}/issues/1", headers=tag)
    assert third.status_code == 200
    assert int(third.headers["x-ratelimit-used"]) == int(first.headers["x-ratelimit-used"]) + 1


def test_the_limit_runs_out(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.limits.core = 2
    assert [api.get(R).status_code for _ in range(3)] == [200, 200, 403]
    refused = api.get(R)
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert "API rate limit exceeded" in refused.json()["message"]
    assert api.get("/rate_limit").json()["rate"]["remaining"] == 0


def test_what_is_not_modelled_says_so_and_is_recorded(sample: Sample, api: httpx2.Client) -> None:
    for path in (f"{R}/teams", "/graphql", "/orgs/octo/teams", "/search/issues"):
        assert api.get(path).status_code == 501
    assert [call.path for call in sample.forge.unmodelled()] == [
        f"{R}/teams",
        "/graphql",
        "/orgs/octo/teams",
        "/search/issues",
    ]
    with pytest.raises(AssertionError):
        assert_understood(sample.forge)
    sample.forge.clear_calls()


def test_a_bug_of_the_forge_is_kept_whatever_door_it_is_behind(
    sample: Sample, api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(world: World, full_name: str) -> NoReturn:
        raise ZeroDivisionError(full_name)

    monkeypatch.setattr(World, "repository", broken)
    doors = [R, "/octo/sample", "/octo/sample.git/info/refs"]
    assert [api.get(path).status_code for path in doors] == [500, 500, 500]
    assert sample.forge.failures == tuple(f"GET {path}: ZeroDivisionError('octo/sample')" for path in doors)
    with pytest.raises(AssertionError):
        assert_understood(sample.forge)
    sample.forge.world.failures.clear()


def test_the_prefix_of_an_enterprise_server_is_accepted(api: httpx2.Client) -> None:
    assert api.get(f"/api/v3{R}").json()["full_name"] == "octo/sample"


def test_bad_requests_are_refused_in_github_s_words(sample: Sample, api: httpx2.Client) -> None:
    broken = api.post(f"{R}/issues/1/comments", content=b"{")
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    assert api.post(f"{R}/issues/1/comments", json={}).status_code == 422
    assert api.post(f"{R}/issues/1/comments", json={"body": 3}).status_code == 422
    assert api.get(R, headers={"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400
    assert api.get(R, headers={"User-Agent": ""}).status_code == 403
    assert client(sample.url, "nonsense").get(R).status_code == 401


def test_the_record_tells_who_asked_what_without_secrets(sample: Sample) -> None:
    narrow = sample.client({"issues": "write"})
    narrow.post(f"{R}/issues/1/comments", json={"body": "hi"})
    minted, commented = sample.forge.calls
    assert minted.actor == "app:forgehand"
    assert minted.response["token"] == "***"
    assert commented.actor == f"installation:{sample.installation.id}"
    assert commented.route == "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    assert commented.permissions == {"issues": "write", "metadata": "read"}
    assert commented.request == {"body": "hi"}
    assert commented.response["body"] == "hi"
    assert sample.forge.mutations() == (commented,)
    token = narrow.headers["authorization"].split()[1]
    assert token not in repr(sample.forge.calls)
    sample.forge.clear_calls()
    assert sample.forge.calls == ()


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"{R}/issues/1/comments", b'{"body": "hi"}'), ("/octo/sample.git/git-receive-pack", b"0000")],
)
def test_nobody_sees_what_a_call_did_before_it_is_recorded(
    sample: Sample, api: httpx2.Client, monkeypatch: pytest.MonkeyPatch, path: str, body: bytes
) -> None:
    writing, go, write = Event(), Event(), Journal.write

    def slowly(journal: Journal, **values: Any) -> Call:
        writing.set()
        assert go.wait(60)
        return write(journal, **values)

    monkeypatch.setattr(Journal, "write", slowly)
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(api.post, path, content=body)
        try:
            assert writing.wait(60)
            # Whoever looks at the world, or at the record, takes this lock.
            assert not sample.forge.world.lock.acquire(blocking=False)
        finally:
            go.set()
        asked.result(60)
    assert sample.forge.calls[-1].path == path


@pytest.mark.anyio
async def test_a_request_that_is_cut_off_is_none(sample: Sample) -> None:
    token = sample.token()
    sample.forge.clear_calls()
    came = iter([{"type": "http.request", "body": b"", "more_body": True}, {"type": "http.disconnect"}])
    headers = {"authorization": f"Bearer {token}", "user-agent": "tests", "content-length": "50"}

    async def receive() -> dict[str, Any]:
        return next(came)

    async def send(message: object) -> NoReturn:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": f"{R}/pulls/1/reviews".encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await sample.forge.api(scope, receive, send)
    assert (sample.forge.reviews("octo/sample", 1, pending=True), sample.forge.calls) == ((), ())


def test_lists_may_lag_behind_what_was_written(sample: Sample) -> None:
    now = [1_800_000_000.0]
    sample.forge.world.clock = lambda: now[0]
    sample.forge.world.quirks = Quirks(stale_lists_seconds=2)
    path, dev = f"{R}/issues/1/comments", client(sample.url, sample.forge.create_token("dev"))
    made = dev.post(path, json={"body": "new"})
    assert made.status_code == 201
    assert dev.get(path).json() == []
    assert dev.get(f"{R}/issues/comments/{made.json()['id']}").status_code == 200
    now[0] += 3
    assert [c["body"] for c in dev.get(path).json()] == ["new"]
