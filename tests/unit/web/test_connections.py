"""The limits of one connection, over real sockets against a real server: what a stranger sends, and when it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from forgehand.web.connections import LimitedProtocol, limited

pytestmark = pytest.mark.anyio

HEAD = b"GET /health HTTP/1.1\r\nHost: a\r\n"
GET = HEAD + b"\r\n"


class Patient(LimitedProtocol):
    """Limits in size as they are; time enough for everything."""

    head_seconds = body_seconds = stuck_seconds = 60.0


class Brisk(LimitedProtocol):
    """Very little time."""

    head_seconds = body_seconds = stuck_seconds = 0.05
    look_seconds = 0.01


class Unhurried(Brisk):
    """Time enough for a head, and very little for what comes after it."""

    head_seconds = 60.0


@dataclass
class Port:
    """A served application and what it saw. `gate` holds answers to `/slow` back."""

    number: int
    server: uvicorn.Server
    gate: asyncio.Event
    asked: list[str]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.number)

    async def ask(self) -> bytes:
        """The status line of one ordinary request on a connection of its own."""
        reader, writer = await self.connect()
        writer.write(HEAD + b"Connection: close\r\n\r\n")
        answer = await _all(reader)
        writer.close()
        return answer.partition(b"\r\n")[0]

    @property
    def held(self) -> int:
        return len(self.server.server_state.connections)


@asynccontextmanager
async def serving(protocol: type[LimitedProtocol]) -> AsyncIterator[Port]:
    gate, asked = asyncio.Event(), list[str]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        answer = b"ok"
        if scope["path"] == "/slow":
            await gate.wait()
        if scope["path"] == "/read":
            while (await receive()).get("more_body", False):
                pass
        if scope["path"] == "/large":
            answer = b"x" * 50_000_000
        length = str(len(answer)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for at in range(0, len(answer), 1_000_000):
            part = {"type": "http.response.body", "body": answer[at : at + 1_000_000]}
            await send({**part, "more_body": at + 1_000_000 < len(answer)})

    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=protocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await _until(lambda: server.started)
    number = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Port(number, server, gate, asked)
    finally:
        gate.set()
        server.should_exit = True
        await running


async def test_ordinary_requests_are_answered_one_after_the_other_on_one_connection() -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        for _ in range(50):
            writer.write(GET)
            assert b"200 OK" in await reader.readuntil(b"ok")
        writer.close()


async def test_large_bodies_whole_or_in_chunks_are_no_heads() -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        writer.write(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        assert b"200 OK" in await reader.readuntil(b"ok")
        chunks = b"".join(b"10\r\n%s\r\n" % (b"y" * 16) for _ in range(20_000))
        writer.write(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"ok")
        writer.close()


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(lambda number: b"x%d: %s\r\n" % (number, b"y" * 1000), id="headers"),
        pytest.param(lambda number: b"x: " * (number == 0) + b"y" * 1000, id="one header value"),
        pytest.param(lambda number: b"y" * 1000, id="one header name"),
        pytest.param(lambda number: b"\r\nGET /" * (number == 0) + b"y" * 1000, id="the address"),
        pytest.param(lambda number: b"\r\nGET / HTTP/1.1\r\n\r\n" * (number == 0) + b"\r\n" * 500, id="blank lines"),
        pytest.param(
            lambda number: (
                b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" * (number == 0) + b"x: %s\r\n" % (b"y" * 1000)
            ),
            id="trailers",
        ),
        pytest.param(
            lambda number: b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx: " * (number == 0) + b"y" * 1000,
            id="one trailer",
        ),
    ],
)
@pytest.mark.parametrize("path", ["read", "health"])
async def test_what_never_ends_is_cut_off(endless: Callable[[int], bytes], path: str) -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        writer.write(HEAD.replace(b"health", path.encode()))
        sent = 0
        with contextlib.suppress(ConnectionError):
            for number in range(20_000):
                writer.write(endless(number))
                await writer.drain()
                sent += 1
                if reader.at_eof() or reader.exception() is not None:
                    break
        await _until(lambda: port.held == 0)
        assert sent < 20_000
        writer.close()


async def test_a_head_of_65_kb_in_one_piece_is_refused_by_name_and_60_kb_are_taken() -> None:
    async with serving(Patient) as port:
        for size, status in ((60_000, b"200 OK"), (66_000, b"431 Request Header Fields Too Large")):
            reader, writer = await port.connect()
            writer.write(HEAD + b"Connection: close\r\nx: " + b"y" * size + b"\r\n\r\n")
            assert (await _all(reader)).startswith(b"HTTP/1.1 " + status)
            writer.close()


async def test_a_head_of_101_fields_is_refused() -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        writer.write(HEAD + b"a: b\r\n" * 100 + b"\r\n")
        assert (await _all(reader)).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_a_client_may_send_some_requests_ahead() -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        writer.write(GET * 16 + HEAD + b"Connection: close\r\n\r\n")
        assert (await _all(reader)).count(b"HTTP/1.1 200 OK") == 17
        writer.close()


async def test_a_client_that_sends_thousands_of_requests_ahead_is_cut_off_and_they_are_not_run() -> None:
    async with serving(Patient) as port:
        _, writer = await port.connect()
        writer.write(GET.replace(b"health", b"slow") + GET * 5000)
        await _until(lambda: port.asked == ["/slow"] and port.held == 0)
        port.gate.set()
        assert await port.ask() == b"HTTP/1.1 200 OK"
        assert port.asked == ["/slow", "/health"]
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HEAD, id="half a head"),
        pytest.param(GET, id="a request and silence"),
        pytest.param(GET + HEAD, id="a request and half a head"),
        pytest.param(GET + b"\r\n", id="a request and a blank line"),
        pytest.param(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"),
        pytest.param(b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", id="half a body unread"),
    ],
)
async def test_a_client_that_keeps_us_waiting_is_shut_out(sent: bytes) -> None:
    async with serving(Brisk) as port:
        reader, writer = await port.connect()
        writer.write(sent)
        await _all(reader)
        await _until(lambda: port.held == 0)
        writer.close()


async def test_a_client_that_drips_a_head_is_shut_out_all_the_same() -> None:
    async with serving(Brisk) as port:
        reader, writer = await port.connect()
        ended = asyncio.create_task(_all(reader))
        writer.write(b"GET /")
        with contextlib.suppress(ConnectionError):
            while not ended.done():
                writer.write(b"x")
                await asyncio.sleep(0)
        assert await ended == b""
        writer.close()


async def test_a_client_that_reads_nothing_of_its_answer_is_shut_out() -> None:
    async with serving(Unhurried) as port:
        _, writer = await port.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of every transport that asyncio makes
        writer.write(GET.replace(b"health", b"large"))
        await _until(lambda: port.asked == ["/large"])
        await _until(lambda: port.held == 0)
        writer.close()


async def test_an_answer_may_take_its_time() -> None:
    class Hurried(Unhurried):
        """It has time until ours has been read."""

    async with serving(Hurried) as port:
        reader, writer = await port.connect()
        writer.write(GET.replace(b"health", b"slow"))
        await _until(lambda: port.asked == ["/slow"])
        Hurried.head_seconds = Brisk.head_seconds
        # Two that come later are shut out for their silence, one after the other; ours waits for an answer.
        for _ in range(2):
            other, other_writer = await port.connect()
            await _all(other)
            other_writer.close()
        port.gate.set()
        assert b"200 OK" in await reader.readuntil(b"ok")
        writer.close()


async def test_one_connection_too_many_is_told_to_come_back_and_one_that_ends_makes_room() -> None:
    class Small(Patient):
        max_connections = 3

    async with serving(Small) as port:
        held = [await port.connect() for _ in range(3)]
        await _until(lambda: port.held == 3)
        reader, writer = await port.connect()
        answer = await _all(reader)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in answer
        writer.close()
        held[0][1].close()
        await _until(lambda: port.held == 2)
        assert await port.ask() == b"HTTP/1.1 200 OK"
        for _, each in held:
            each.close()


async def test_an_upgrade_that_nobody_offers_is_an_ordinary_request() -> None:
    async with serving(Patient) as port:
        reader, writer = await port.connect()
        writer.write(HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"ok")
        writer.close()


def test_each_port_has_its_own_cap() -> None:
    assert (limited(3).max_connections, limited(5).max_connections) == (3, 5)


async def _all(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side ends, by a close or by a reset."""
    received = b""
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65536):
                received += part
    return received


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)
