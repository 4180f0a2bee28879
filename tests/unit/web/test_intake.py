"""The webhook door, over ASGI and once over a socket: every check in its order, and nothing stored before it should."""

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.deliveries import MAX_BODY_BYTES
from forgehand.engine.intake import Accepted, Intake
from forgehand.ports.store import StoreUnavailable
from forgehand.web.connections import limited
from forgehand.web.deliveries import door as protocol
from forgehand.web.intake import OFF_LOOP_BYTES, IntakeApp
from support.stories import Clock, HintedWakeups

pytestmark = pytest.mark.anyio

SECRET, PREVIOUS = b"current secret of a test", b"previous secret of a test"
GUID = "0b989ba4-242f-11e5-81e1-c7b6966d2516"
BODY = json.dumps({"action": "opened", "title": "Prüfe <b>this</b>"}).encode()


@dataclass
class Door:
    """An intake over a memory store, and a client that knocks at it."""

    store: MemoryStore
    wakeups: HintedWakeups
    app: IntakeApp
    client: httpx2.AsyncClient

    async def knock(self, body: bytes = BODY, *, secret: bytes = SECRET, **changed: str | None) -> httpx2.Response:
        headers = signed(body, secret) | {name.replace("_", "-"): value for name, value in changed.items()}
        sent = {name: value for name, value in headers.items() if value is not None}
        return await self.client.post("/webhooks/github", content=body, headers=sent)

    async def stored(self) -> list[str]:
        return [each.delivery.guid for each in await self.store.deliveries(1000)]


def signed(body: bytes, secret: bytes = SECRET) -> dict[str, str | None]:
    return {
        "content-type": "application/json",
        "x-github-event": "pull_request",
        "x-github-delivery": GUID,
        "x-hub-signature-256": "sha256=" + hmac.digest(secret, body, hashlib.sha256).hex(),
    }


@pytest.fixture(params=["asgi", "socket"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """Over ASGI, and over a socket with the webhook port's own protocol: what a client sees is the same."""
    store, wakeups = MemoryStore(), HintedWakeups()
    await store.open()
    intake = Intake(store, wakeups, frozenset({"pull_request"}), Clock())
    app = IntakeApp(intake, [SECRET, PREVIOUS], ready=store.check)
    if request.param == "asgi":
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://intake.test") as client:
            yield Door(store, wakeups, app, client)
        return
    async with port_of(app) as number, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{number}", timeout=60) as client:
        yield Door(store, wakeups, app, client)


@asynccontextmanager
async def port_of(app: IntakeApp) -> AsyncIterator[int]:
    """The number of a port that serves the application as `forgehand serve` does."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, http=limited(1024, protocol(app)), ws="none", log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def test_a_signed_delivery_is_stored_and_its_planning_hinted(door: Door) -> None:
    answer = await door.knock()
    assert answer.status_code == 202
    assert answer.json() == {"accepted": True, "delivery": GUID}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    stored = await door.store.delivery(GUID)
    assert stored is not None
    assert stored.delivery.body == BODY
    assert [job.worker for job in await door.store.jobs_of(GUID)] == ["planner"]
    assert door.wakeups.hints == 1


async def test_a_second_delivery_with_the_same_id_is_a_duplicate(door: Door) -> None:
    await door.knock()
    answer = await door.knock()
    assert answer.status_code == 202
    assert answer.json() == {"accepted": True, "delivery": GUID, "duplicate": True}


async def test_a_hundred_at_once_with_one_id_make_one_plan(door: Door) -> None:
    answers: list[httpx2.Response] = []

    async def knock() -> None:
        answers.append(await door.knock())

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(knock)
    assert {answer.status_code for answer in answers} == {202}
    assert sum("duplicate" not in answer.json() for answer in answers) == 1
    assert len(await door.store.jobs(1000)) == 1


async def test_an_event_that_no_worker_waits_for_is_stored_and_ignored_with_a_reason(door: Door) -> None:
    answer = await door.knock(x_github_event="star")
    assert answer.json() == {"accepted": True, "delivery": GUID, "ignored": "no worker waits for star"}
    assert await door.stored() == [GUID]
    assert await door.store.jobs(10) == []


@pytest.mark.parametrize("missing", ["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256"])
async def test_a_missing_header_is_named(door: Door, missing: str) -> None:
    answer = await door.knock(**{missing.lower().replace("-", "_"): None})
    assert answer.status_code == 400
    assert answer.json() == {"error": f"The header {missing} is missing."}
    assert await door.stored() == []


async def test_the_previous_secret_still_counts_during_a_rotation(door: Door) -> None:
    assert (await door.knock(secret=PREVIOUS)).status_code == 202


@pytest.mark.parametrize("signature", ["sha256=" + "0" * 64, "sha1=abc", "sha256=ünïcode", "x"])
async def test_a_wrong_signature_is_refused_and_nothing_is_stored(door: Door, signature: str) -> None:
    headers = [(name, str(value).encode("latin-1")) for name, value in signed(BODY).items() if "signature" not in name]
    headers.append(("x-hub-signature-256", signature.encode("latin-1")))
    answer = await door.client.post("/webhooks/github", content=BODY, headers=headers)
    assert answer.status_code == 401
    assert await door.stored() == []


async def test_with_no_secret_set_nothing_is_taken(door: Door) -> None:
    app = IntakeApp(Intake(door.store, door.wakeups, frozenset(), Clock()), [b""], ready=door.store.check)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://intake.test") as client:
        answer = await client.post("/webhooks/github", content=BODY, headers=_present(signed(BODY, b"")))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"not json", b'{"a":', b'{"a": 1} x', b"\xff\xfe", b"[" * 100_000], ids=lambda body: repr(body[:9])
)
async def test_a_signed_body_that_is_no_json_is_refused(door: Door, body: bytes) -> None:
    answer = await door.knock(body)
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not JSON."})
    assert await door.stored() == []


@pytest.mark.parametrize("body", [b'{"title": "\\ud83d"}', b'{"n": NaN}', b"[]", "ünïcode".join('""').encode()])
async def test_json_that_a_strict_reader_dislikes_is_no_reason_to_lose_an_event(door: Door, body: bytes) -> None:
    assert (await door.knock(body)).status_code == 202


async def test_a_form_is_told_how_to_become_json(door: Door) -> None:
    answer = await door.knock(b"payload=%7B%7D", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert "application/json" in answer.json()["error"]
    assert await door.stored() == []


async def test_the_signature_is_judged_before_the_body_is_looked_at(door: Door) -> None:
    assert (await door.knock(b"not json", secret=b"wrong")).status_code == 401
    assert (await door.knock(b"not json", secret=b"wrong", x_github_event=None)).status_code == 400


@pytest.mark.parametrize("guid", ["a" * 101, "<b>hi</b>", "a b", 'a"b', "../../x"])
async def test_an_odd_delivery_id_is_refused(door: Door, guid: str) -> None:
    assert (await door.knock(x_github_delivery=guid)).status_code == 400
    assert (await door.knock(x_github_event=guid)).status_code == 400
    assert await door.stored() == []


async def test_a_body_announced_too_large_is_refused_before_it_is_read(door: Door) -> None:
    received = 0

    async def receive() -> dict[str, Any]:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b"", "more_body": False}

    answer = await _call(door.app, {**signed(b""), "content-length": str(MAX_BODY_BYTES + 1)}, receive)
    assert (answer, received) == (413, 0)


async def test_size_is_judged_before_headers(door: Door) -> None:
    for length in (str(MAX_BODY_BYTES + 1), "0" * 5000):
        assert await _call(door.app, {"content-length": length}, _in_parts(b"x", 1)) == 413


async def test_a_streamed_body_is_cut_off_where_it_becomes_too_large(door: Door) -> None:
    chunk, sent = b" " * (1024 * 1024), 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    assert await _call(door.app, signed(b""), receive) == 413
    assert sent == 26


async def test_a_body_of_exactly_25_mb_is_taken(door: Door) -> None:
    body = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'
    assert (await door.knock(body)).status_code == 202


async def test_a_large_body_is_judged_the_same_way_off_the_loop(door: Door) -> None:
    body = json.dumps({"text": "x" * OFF_LOOP_BYTES}).encode()
    assert (await door.knock(body, secret=b"wrong")).status_code == 401
    assert (await door.knock(body)).status_code == 202
    assert (await door.knock(body + b"}")).status_code == 400


async def test_a_client_that_goes_away_gets_no_answer_and_leaves_no_trace(door: Door) -> None:
    parts = [{"type": "http.request", "body": BODY[:5], "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    assert await _call(door.app, signed(BODY), receive) is None
    assert await door.stored() == []


@pytest.mark.parametrize("before", [[], [{"type": "http.request", "body": BODY[:5], "more_body": True}]])
async def test_a_client_that_is_too_slow_is_told_so(door: Door, before: list[dict[str, Any]]) -> None:
    app = IntakeApp(
        Intake(door.store, door.wakeups, frozenset(), Clock()), [SECRET], ready=door.store.check, body_seconds=0.01
    )
    parts = list(before)

    async def receive() -> dict[str, Any]:
        return parts.pop(0) if parts else await asyncio.get_running_loop().create_future()

    assert await _call(app, signed(BODY), receive) == 408
    assert await door.stored() == []


async def test_unverified_bodies_have_a_bound_together_beyond_which_large_ones_wait(door: Door) -> None:
    megabyte = 1024 * 1024
    app = IntakeApp(
        Intake(door.store, door.wakeups, frozenset(), Clock()),
        [SECRET],
        ready=door.store.check,
        unverified_bytes=3 * megabyte,
    )
    gone = asyncio.Event()

    def slow() -> Any:
        parts = [{"type": "http.request", "body": b" " * megabyte, "more_body": True}]

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        return receive

    strangers = [asyncio.create_task(_call(app, signed(b""), slow())) for _ in range(5)]
    async with asyncio.timeout(60):
        refused, waiting = await asyncio.wait(strangers, return_when=asyncio.FIRST_COMPLETED)
    assert [each.result() for each in refused] == [503, 503]
    assert await _call(app, signed(BODY), _in_parts(BODY, 10)) == 202
    gone.set()
    assert [await each for each in waiting] == [None] * 3
    large = json.dumps({"text": "x" * megabyte}).encode()
    assert await _call(app, {**signed(large), "x-github-delivery": "2"}, _in_parts(large, 1000)) == 202


async def test_a_store_that_is_down_answers_503_with_a_time_to_come_back(door: Door) -> None:
    await door.store.close()
    answer = await door.knock()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "closed" not in answer.text


@dataclass
class Full:
    """An intake with no room."""

    asked: list[str] = field(default_factory=list)

    async def accept(self, event: str, guid: str, body: bytes) -> Accepted:
        self.asked.append(guid)
        raise StoreUnavailable("the queue is full", retry_after=2.2)

    async def ready(self) -> None:
        raise StoreUnavailable("the queue is full")


async def test_retry_after_is_the_stores_hint_in_whole_seconds() -> None:
    full = Full()
    app = IntakeApp(full, [SECRET], ready=full.ready)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://intake.test") as client:
        answer = await client.post("/webhooks/github", content=BODY, headers=_present(signed(BODY)))
        ready = await client.get("/ready")
    assert (answer.status_code, answer.headers["retry-after"], full.asked) == (503, "3", [GUID])
    assert ready.status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/webhooks/github", 405, "POST"),
        ("PUT", "/webhooks/github", 405, "POST"),
        ("POST", "/health", 405, "GET, HEAD"),
        ("GET", "/admin", 404, None),
        ("POST", "/", 404, None),
        ("GET", "/health", 200, None),
        ("GET", "/ready", 200, None),
    ],
)
async def test_nothing_else_is_served(door: Door, method: str, path: str, status: int, allow: str | None) -> None:
    answer = await door.client.request(method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    assert answer.json()


async def test_over_a_real_socket_a_body_of_26_mb_is_refused_and_the_next_delivery_taken(door: Door) -> None:
    async with port_of(door.app) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        large = b" " * (26 * 1024 * 1024)
        answer = await client.post("/webhooks/github", content=large, headers=_present(signed(large)))
        assert answer.status_code == 413
        answer = await client.post("/webhooks/github", content=BODY, headers=_present(signed(BODY)))
        assert answer.status_code == 202


def test_importing_the_door_loads_no_framework() -> None:
    script = "import sys, forgehand.web.intake; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert set(done.stdout.split()).isdisjoint({"starlette", "sqlalchemy", "githubkit", "jinja2", "pydantic", "anyio"})


def _in_parts(body: bytes, size: int) -> Any:
    parts = [body[at : at + size] for at in range(0, len(body), size)][::-1]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

    return receive


async def _call(app: IntakeApp, headers: dict[str, str | None], receive: Any) -> int | None:
    """The status that the application answers to a POST with this `receive`, None for no answer at all."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value is not None]
    scope = {"type": "http", "method": "POST", "path": "/webhooks/github", "headers": raw}
    await app(scope, receive, send)
    return sent[0]["status"] if sent else None


def _present(headers: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}
