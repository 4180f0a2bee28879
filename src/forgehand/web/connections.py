"""What one connection may ask of either port before anybody knows who it is. Used by `assembly`, as uvicorn's protocol.

uvicorn's own protocol has no limit on heads, on requests sent ahead of their answers, or on the time that either takes,
and no cap on connections that leaves file descriptors to others. Limits cost the hot path a few additions per request:
time is looked at by one timer per connection, beside the requests.
"""

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 within limits. They are class attributes, since uvicorn makes the instances: see `limited`."""

    max_connections = 1024
    """Of one port; one more is answered 503 and closed."""
    head_bytes = 64 * 1024
    """Of a request line with its headers, or of what comes between and after the chunks of a chunked body."""
    head_fields = 100
    queued_requests = 16
    """Sent ahead while an answer is being made."""
    head_seconds = 10.0
    """Also the longest silence between two requests."""
    body_seconds = 30.0
    """A body's time where nobody looks more closely; the webhook door gives it less, and an answer."""
    stuck_seconds = 30.0
    """How long a peer may read nothing of what is written to it."""
    look_seconds = 1.0
    """How often the timer looks: limits in seconds are kept up to twice this late."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers = []
        self._in_head = True
        self._pending = 0  # bytes received since the last whole message that are not body
        self._steps = 0
        self._refusal = b""
        self._waiting: tuple[float, int] = (math.inf, 0)
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        if len(self.connections) >= self.max_connections:
            self.transport = transport
            transport.write(_BUSY)
            transport.close()
            return
        super().connection_made(transport)
        self._since = self.loop.time()
        self._waiting = (self.head_seconds, 0)
        self._timer = self.loop.call_later(self.look_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._pending += len(data)
        super().data_received(data)
        # After a whole request nothing is pending, which is the rule.
        if self._pending > 0 and (self._pending > self.head_bytes or len(self.headers) > self.head_fields):
            self._refuse(_HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        if self._pending > self.head_bytes or len(self.headers) > self.head_fields:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.head_bytes or len(self.headers) > self.head_fields:
                self._refusal = _HEAD_TOO_LARGE
                raise ValueError("the head is too large")
            # The rest of what came with it is body, or is counted when it turns out not to be.
        if len(self.pipeline) >= self.queued_requests:
            self._refusal = _AHEAD
            raise ValueError("too many requests sent ahead")
        self._in_head = False
        self._steps += 1
        self._begin()

    def _begin(self) -> None:
        """A head is complete and within its limits."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending -= len(body)
        super().on_body(body)

    def on_chunk_header(self) -> None:
        """The sizes between chunks are no head; what follows the last one is, and may not grow without end either."""
        self._pending = 0

    def on_message_complete(self) -> None:
        self._in_head = True
        self._pending = 0
        self._steps += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn has it, without a timer of its own for every answer: ours ends a silent connection too."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when the parser, or one of the limits within it, had enough."""
        if self._refusal:
            self._refuse(self._refusal)
        else:
            super().send_400_response(msg)

    def resume_writing(self) -> None:
        self._steps += 1
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        """An answer without the upgrade says enough; two lines of log for every stranger who asks are too many."""

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self.pipeline.clear()
        if self._answering():
            # A refusal now would be read as the answer under way.
            self.transport.abort()
        else:
            self.transport.write(answer)
            self.transport.close()

    def _look(self) -> None:
        """End a connection whose peer owes us something for too long."""
        now = self.loop.time()
        waiting = (self._patience(), self._steps)
        if waiting != self._waiting:
            self._waiting, self._since = waiting, now
        elif now - self._since >= waiting[0]:
            if self.transport.is_closing() or self.flow.write_paused:
                self.transport.abort()
            else:
                self.transport.close()
        self._timer = self.loop.call_later(self.look_seconds, self._look)

    def _patience(self) -> float:
        """Seconds that the peer may take for what it owes now; infinite when it is our turn."""
        if self.transport.is_closing() or self.flow.write_paused:
            return self.stuck_seconds
        if not self._in_head:
            return self.body_seconds
        return math.inf if self._answering() and self._pending <= 0 else self.head_seconds

    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        return cycle is not None and not cycle.response_complete


def limited(connections: int, protocol: type[LimitedProtocol] = LimitedProtocol) -> type[LimitedProtocol]:
    """The protocol of a port that holds at most this many connections at once."""
    return type(protocol.__name__, (protocol,), {"max_connections": connections})


def _answer(status: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n" + extra + b"connection: close\r\n\r\n"


_BUSY = _answer(b"503 Service Unavailable", b"retry-after: 5\r\n")
_HEAD_TOO_LARGE = _answer(b"431 Request Header Fields Too Large")
_AHEAD = _answer(b"429 Too Many Requests")
