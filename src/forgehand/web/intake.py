"""The webhook door: `POST /webhooks/github`, as one plain ASGI application without a framework. Run by `assembly`.

It is the hot path of the whole system, so it is written for it: headers are read once, constant answers are built once,
a body is checked for JSON without being built. Nothing else is served on this port but two constant answers for load
balancers. Ordinary deliveries come here without ASGI between: see `web.deliveries`.

Order: size → headers → signature → JSON → one durable commit → 202. A 2xx is a promise; nothing before the commit
leaves a trace.
"""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import msgspec

from forgehand.domain.deliveries import MAX_BODY_BYTES, verify
from forgehand.engine.intake import Accepted
from forgehand.ports.store import StoreUnavailable

PATH = "/webhooks/github"
REQUIRED = (EVENT, GUID, SIGNATURE) = (b"x-github-event", b"x-github-delivery", b"x-hub-signature-256")
OFF_LOOP_BYTES = 256 * 1024
"""Larger bodies are verified in a thread: hashing 25 MB would hold every other delivery up for 20 ms and more."""

UNVERIFIED_BYTES = 256 * 1024 * 1024
"""What bodies whose signature nobody has seen yet may take together; without it, a hundred strangers could hold
2.5 GB."""
FREE_BYTES = 64 * 1024
"""Of each body, not counted: connections are capped, and ordinary deliveries shall get through while others fill up."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `head` is its status and fields as HTTP/1.1 writes them, without an end: the server adds its own."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    head: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether nothing more is read from the connection."""
        return _CLOSE in self.fields


class Accepts(Protocol):
    """What `engine.intake.Intake` does."""

    async def accept(self, event: str, guid: str, body: bytes) -> Accepted: ...


@dataclass(slots=True)
class _Room:
    """The part of `limit` bytes that unverified bodies take now."""

    limit: int
    held: int = 0


class IntakeApp:
    """The ASGI application of the webhook port.

    `secrets` are the webhook secrets that may have signed: the current one, and the previous one while a rotation
    lasts. `ready` returns when the store answers and raises StoreUnavailable when it does not. `body_seconds` is how
    long a client may take to send its body; `unverified_bytes` bounds what is held of all unverified bodies together.
    """

    def __init__(
        self,
        intake: Accepts,
        secrets: Sequence[bytes],
        *,
        ready: Callable[[], Awaitable[object]],
        body_seconds: float = 10.0,
        unverified_bytes: int = UNVERIFIED_BYTES,
    ) -> None:
        self._intake = intake
        self._secrets = tuple(secrets)
        self._ready = ready
        self._body_seconds = body_seconds
        self._room = _Room(unverified_bytes)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
            return
        answer: Answer | None
        if scope["path"] != PATH:
            answer = await self._elsewhere(scope["path"], scope["method"])
        elif scope["method"] != "POST":
            answer = _POST_ONLY
        else:
            answer = await self._receive_delivery(dict(scope["headers"]), receive)
        if answer is not None:
            await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.fields)})
            await send({"type": "http.response.body", "body": answer.body})

    @property
    def body_seconds(self) -> float:
        """How long a client may take to send its body."""
        return self._body_seconds

    async def take(self, headers: dict[bytes, bytes], body: bytes) -> Answer:
        """Judge a delivery whose body has arrived whole, and store it. Its size and the three headers that make it one
        have been looked at."""
        event, guid, signature = headers[EVENT], headers[GUID], headers[SIGNATURE]
        if len(body) <= OFF_LOOP_BYTES:
            refusal = self._judge(headers, event, guid, signature, body)
        else:
            self._room.held += len(body)
            try:
                refusal = await asyncio.to_thread(self._judge, headers, event, guid, signature, body)
            finally:
                self._room.held -= len(body)
        if refusal is not None:
            return refusal
        try:
            accepted = await self._intake.accept(event.decode(), guid.decode(), body)
        except StoreUnavailable as error:
            return _unavailable(error)
        return _accepted(guid, accepted)

    async def _receive_delivery(self, headers: dict[bytes, bytes], receive: Receive) -> Answer | None:
        """The answer, or None when the client went away before its body was complete."""
        length = headers.get(b"content-length")
        # Python reads no number of thousands of digits, not even of zeros.
        if length is not None and length.isdigit() and (len(length) > _LONGEST or int(length) > MAX_BODY_BYTES):
            return _TOO_LARGE
        for name, answer in _MISSING.items():
            if not headers.get(name):
                return answer
        body = await _read(receive, self._body_seconds, self._room)
        if not isinstance(body, bytes):
            return body
        return await self.take(headers, body)

    def _judge(
        self, headers: dict[bytes, bytes], event: bytes, guid: bytes, signature: bytes, body: bytes
    ) -> Answer | None:
        """Why this delivery is refused, or None. Only what was signed is looked at any further."""
        if not verify(self._secrets, body, signature.decode("latin-1")):
            return _NOT_SIGNED
        if _NAME.fullmatch(event) is None:
            return _ODD_EVENT
        if _NAME.fullmatch(guid) is None:
            return _ODD_GUID
        if _is_json(body):
            return None
        if headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            return _FORM
        return _NOT_JSON

    async def _elsewhere(self, path: str, method: str) -> Answer:
        if path not in ("/health", "/ready"):
            return _NOT_FOUND
        if method not in ("GET", "HEAD"):
            return _GET_ONLY
        if path == "/health":
            return _HEALTHY
        try:
            await self._ready()
        except StoreUnavailable as error:
            return _unavailable(error)
        return _READY


async def _read(receive: Receive, seconds: float, room: _Room) -> bytes | Answer | None:
    """The whole body; an answer when it is too large or too slow or finds no room; None when the client went away."""
    try:
        async with asyncio.timeout(seconds):
            return await _read_parts(receive, room)
    except TimeoutError:
        return TOO_SLOW


async def _read_parts(receive: Receive, room: _Room) -> bytes | Answer | None:
    chunks: list[bytes] = []
    size = held = 0
    try:
        while (message := await receive())["type"] != "http.disconnect":
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                return _TOO_LARGE_STREAM
            if size > FREE_BYTES:
                room.held += size - FREE_BYTES - held
                held = size - FREE_BYTES
                if room.held > room.limit:
                    return _NO_ROOM
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)
        return None
    finally:
        room.held -= held


# GitHub sends UUIDs and lower-case names. The narrow set keeps headers harmless wherever they are shown or stored.
_NAME = re.compile(rb"[A-Za-z0-9._:-]{1,100}")

_LONGEST = 20
"""Digits of any length that a 64-bit machine could mean."""
_SKIM = msgspec.json.Decoder(msgspec.Raw)


def _is_json(body: bytes) -> bool:
    """Whether the body is JSON. Skimming answers in a fifth of the time; where it says no, the standard library has the
    last word, since a lone surrogate or a NaN is no reason to lose an event."""
    try:
        _SKIM.decode(body)
        return True
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _accepted(guid: bytes, accepted: Accepted) -> Answer:
    body = b'{"accepted": true, "delivery": "' + guid + b'"'
    if accepted.duplicate:
        body += b', "duplicate": true'
    if accepted.ignored is not None:
        body += b', "ignored": ' + json.dumps(accepted.ignored).encode()
    body += b"}"
    fields, head = _ACCEPTED_HEADS.get(len(body)) or _ACCEPTED_HEADS.setdefault(len(body), _head(202, len(body)))
    return Answer(202, fields, head, body)


def _unavailable(error: StoreUnavailable) -> Answer:
    after = str(max(1, math.ceil(error.retry_after))).encode()
    # Not the store's own sentence: it may name hosts and files, and anyone can ask this port.
    return _constant(503, "The store cannot take anything now; send it again.", (b"retry-after", after))


def _constant(status: int, error: str, *extra: tuple[bytes, bytes]) -> Answer:
    return _answer(status, {"error": error}, *extra)


def _answer(status: int, value: dict[str, str], *extra: tuple[bytes, bytes]) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status, *_head(status, len(body), *extra), body)


def _head(status: int, length: int, *extra: tuple[bytes, bytes]) -> tuple[tuple[tuple[bytes, bytes], ...], bytes]:
    fields = (
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *extra,
    )
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    return fields, line + b"".join(b"%s: %s\r\n" % field for field in fields)


_CLOSE = (b"connection", b"close")
_ACCEPTED_HEADS: dict[int, tuple[tuple[tuple[bytes, bytes], ...], bytes]] = {}
"""By length: GUIDs and reasons come in few lengths, at most a few hundred."""

_MISSING = {
    name.lower().encode(): _constant(400, f"The header {name} is missing.")
    for name in ("X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256")
}
_TOO_LARGE = _constant(413, "The body is larger than 25 MB, GitHub's own limit.")
_TOO_LARGE_STREAM = _constant(413, "The body is larger than 25 MB, GitHub's own limit.", _CLOSE)
_NO_ROOM = _constant(503, "Too many large bodies arrive at once; send it again.", (b"retry-after", b"5"), _CLOSE)
TOO_SLOW = _constant(408, "The body took too long to arrive.", _CLOSE)
BROKEN = _constant(500, "Something broke here; send it again.", _CLOSE)
_NOT_SIGNED = _constant(401, "The signature does not match: check that the App's webhook secret is the one set here.")
_ODD_EVENT = _constant(400, "X-GitHub-Event must be 1 to 100 letters, digits, or . _ : -")
_ODD_GUID = _constant(400, "X-GitHub-Delivery must be 1 to 100 letters, digits, or . _ : -")
_NOT_JSON = _constant(400, "The body is not JSON.")
_FORM = _constant(400, "The body is a form: set the content type of the App's webhook to application/json.")
_POST_ONLY = _constant(405, "Only POST.", (b"allow", b"POST"))
_GET_ONLY = _constant(405, "Only GET.", (b"allow", b"GET, HEAD"))
_NOT_FOUND = _constant(404, f"Not here. Webhooks go to POST {PATH}.")
_HEALTHY = _answer(200, {"status": "ok"})
_READY = _answer(200, {"status": "ready"})


async def _not_http(scope: Message, receive: Receive, send: Send) -> None:
    """Lifespan has nothing to do here, and WebSockets are refused."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
