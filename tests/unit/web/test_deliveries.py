"""The webhook port's own way for ordinary deliveries, over real sockets: the answers in order, and when it ends."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn

from forgehand.engine.intake import Accepted
from forgehand.web.connections import limited
from forgehand.web.deliveries import door
from forgehand.web.intake import IntakeApp, Message, Receive, Send

pytestmark = pytest.mark.anyio

SECRET = b"secret of a test"
BODY = b'{"action": "opened"}'
HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass
class Accepting:
    """An intake that accepts when `gate` is open, and may break."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    async def accept(self, event: str, guid: str, body: bytes) -> Accepted:
        self.asked.append(guid)
        await self.gate.wait()
        if self.broken:
            raise RuntimeError("nobody thought of this")
        return Accepted()


class Watched(IntakeApp):
    """Counts what comes to it over ASGI."""

    over_asgi = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.over_asgi += 1
        await super().__call__(scope, receive, send)


@dataclass
class Port:
    number: int
    app: Watched
    accepting: Accepting
    server: uvicorn.Server

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.number)


@asynccontextmanager
async def serving(body_seconds: float = 60.0) -> AsyncIterator[Port]:
    accepting = Accepting()
    accepting.gate.set()

    async def ready() -> None: ...

    app = Watched(accepting, [SECRET], ready=ready, body_seconds=body_seconds)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=limited(100, door(app)), ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await _until(lambda: server.started)
    try:
        yield Port(server.servers[0].sockets[0].getsockname()[1], app, accepting, server)
    finally:
        accepting.gate.set()
        server.should_exit = True
        await running


def delivery(
    guid: str, body: bytes = BODY, *, secret: bytes = SECRET, more: bytes = b"", version: str = "1.1"
) -> bytes:
    signature = hmac.digest(secret, body, hashlib.sha256).hex()
    head = (
        f"POST /webhooks/github HTTP/{version}\r\nHost: a\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: {guid}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + more + b"\r\n" + body


async def test_an_ordinary_delivery_goes_without_asgi_and_the_connection_stays() -> None:
    async with serving() as port:
        reader, writer = await port.connect()
        for guid in ("1", "2"):
            writer.write(delivery(guid))
            answer = await reader.readuntil(b"}")
            assert answer.startswith(b"HTTP/1.1 202 Accepted\r\n")
            assert b"\r\ndate: " in answer
            assert b"connection: close" not in answer
        assert (port.accepting.asked, port.app.over_asgi) == (["1", "2"], 0)
        writer.close()


async def test_one_that_comes_byte_by_byte_is_taken_all_the_same() -> None:
    async with serving() as port:
        reader, writer = await port.connect()
        for byte in delivery("1"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert b" 202 " in await reader.readuntil(b"}")
        writer.close()


async def test_what_is_sent_ahead_is_answered_in_its_order() -> None:
    async with serving() as port:
        port.accepting.gate.clear()
        reader, writer = await port.connect()
        writer.write(delivery("1") + HEALTH + delivery("2", secret=b"wrong") + delivery("3"))
        await _until(lambda: port.accepting.asked == ["1"])
        port.accepting.gate.set()
        statuses = [(await reader.readuntil(b"}"))[9:12] for _ in range(4)]
        assert statuses == [b"202", b"200", b"401", b"202"]
        writer.close()


@pytest.mark.parametrize(
    "asked", [delivery("1", more=b"Connection: close\r\n"), delivery("1", version="1.0")], ids=["close", "HTTP/1.0"]
)
async def test_the_connection_ends_where_the_client_wants_it(asked: bytes) -> None:
    async with serving() as port:
        reader, writer = await port.connect()
        writer.write(asked)
        answer = await asyncio.wait_for(reader.read(), 60)
        assert b" 202 " in answer
        assert b"\r\nconnection: close\r\n" in answer
        writer.close()


@pytest.mark.parametrize("sent", [b"", b'{"act'], ids=["no byte", "some bytes"])
async def test_a_body_that_does_not_come_is_told_so_and_the_connection_ends(sent: bytes) -> None:
    async with serving(body_seconds=0.05) as port:
        reader, writer = await port.connect()
        writer.write(delivery("1").removesuffix(BODY) + sent)
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert answer.count(b"connection: close") == 1
        assert port.accepting.asked == []
        writer.close()


async def test_a_client_that_leaves_in_the_middle_leaves_no_trace() -> None:
    async with serving() as port:
        _, writer = await port.connect()
        writer.write(delivery("1")[:-1])
        await _until(lambda: bool(port.server.server_state.connections))
        writer.close()
        await _until(lambda: not port.server.server_state.connections)
        assert port.accepting.asked == []


async def test_a_surprise_is_answered_500_without_its_reason() -> None:
    async with serving() as port:
        port.accepting.broken = True
        reader, writer = await port.connect()
        writer.write(delivery("1"))
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"nobody" not in answer
        writer.close()


async def test_a_server_that_stops_answers_what_it_has_accepted() -> None:
    async with serving() as port:
        port.accepting.gate.clear()
        reader, writer = await port.connect()
        writer.write(delivery("1"))
        await _until(lambda: port.accepting.asked == ["1"])
        idle_reader, idle = await port.connect()
        await _until(lambda: len(port.server.server_state.connections) == 2)
        port.server.should_exit = True
        # It ends those that wait for nothing: then it is stopping.
        assert await asyncio.wait_for(idle_reader.read(), 60) == b""
        port.accepting.gate.set()
        answer = await asyncio.wait_for(reader.read(), 60)
        assert b" 202 " in answer
        for each in (writer, idle):
            each.close()


CHUNKED = delivery("1").replace(b"Content-Length: 20", b"Transfer-Encoding: chunked").removesuffix(BODY)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(delivery("1", b'"' + b"x" * 65536 + b'"'), id="large"),
        pytest.param(delivery("1", more=b"Expect: 100-continue\r\n"), id="asks first"),
        pytest.param(CHUNKED + b"14\r\n" + BODY + b"\r\n0\r\n\r\n", id="chunked"),
    ],
)
async def test_unusual_deliveries_are_taken_over_asgi(sent: bytes) -> None:
    async with serving() as port:
        reader, writer = await port.connect()
        writer.write(sent)
        assert b" 202 " in await reader.readuntil(b"}")
        assert port.app.over_asgi == 1
        writer.close()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)
