"""Ordinary deliveries, from the socket to `IntakeApp.take` and back without ASGI between: the webhook port's protocol.
Made by `assembly`.

A delivery of a usual size whose head says all that is needed is gathered and answered here, for half of what a request
costs before it reaches an application. Everything else is uvicorn's, as on any port: other paths and methods, large and
chunked bodies, whatever misses a header, what is sent ahead while an answer is being made, and the shutdown.
"""

import asyncio

import structlog

from forgehand.web.connections import LimitedProtocol
from forgehand.web.intake import BROKEN, FREE_BYTES, PATH, REQUIRED, TOO_SLOW, Answer, IntakeApp

log = structlog.get_logger(__name__)


class DeliveryProtocol(LimitedProtocol):
    """HTTP/1.1 within limits, with a short way for deliveries. `intake` is a class attribute: see `door`."""

    intake: IntakeApp
    _arriving: "_Delivery | None" = None
    _late: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._arriving is not None and self._late is None:
            # The rest of it is still on its way, which is rare.
            self._late = self.loop.call_later(self.intake.body_seconds, self._end_late, self._arriving)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        arrived, self._arriving = self._arriving, None
        if arrived is None:
            return
        if self._late is not None:
            self._late.cancel()
            self._late = None
        task = self.loop.create_task(self._take(arrived))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def _begin(self) -> None:
        headers = self._of_delivery()
        if headers is None:
            super()._begin()
        else:
            keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
            self._arriving = _Delivery(headers, keep_alive)
            # In the place of uvicorn's own, which then knows what to do with body, shutdown and a lost connection.
            self.cycle = self._arriving  # type: ignore[assignment]

    def _of_delivery(self) -> dict[bytes, bytes] | None:
        """The headers of a delivery that needs nothing of ASGI, or None."""
        if self.url != _PATH or self._answering() or self.flow.write_paused or self.parser.get_method() != b"POST":
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or len(length) > _LONGEST or int(length) > FREE_BYTES:
            return None
        if self.expect_100_continue or self.parser.should_upgrade():
            return None
        return headers if all(map(headers.get, REQUIRED)) else None

    async def _take(self, arrived: "_Delivery") -> None:
        try:
            answer = await self.intake.take(arrived.headers, arrived.body)
        except Exception as error:
            log.error("intake.surprise", exc_info=error)
            answer = BROKEN
        self._answer(arrived, answer)

    def _end_late(self, arriving: "_Delivery") -> None:
        self._arriving = None
        arriving.keep_alive = False
        self._answer(arriving, TOO_SLOW)

    def _answer(self, delivery: "_Delivery", answer: Answer) -> None:
        delivery.response_complete = True
        if delivery.disconnected:
            return
        ends = answer.closes or not delivery.keep_alive
        parts = [answer.head]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"connection: close\r\n\r\n" if ends and not answer.closes else b"\r\n", answer.body)
        self.transport.write(b"".join(parts))
        if ends:
            self.transport.close()
        self.on_response_complete()


def door(intake: IntakeApp) -> type[DeliveryProtocol]:
    """The protocol of the port at which `intake` listens."""
    return type("DeliveryProtocol", (DeliveryProtocol,), {"intake": intake})


class _Unheard:
    """Where uvicorn says that something came: nobody waits for it."""

    def set(self) -> None: ...


class _Delivery:
    """One that is being received, then answered: with the names that uvicorn gives to these things."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "more_body", "response_complete")

    message_event = _Unheard()

    def __init__(self, headers: dict[bytes, bytes], keep_alive: bool) -> None:
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = b""
        self.more_body = True
        self.disconnected = False
        self.response_complete = False


_PATH = PATH.encode()
_LONGEST = 6
"""Digits of a length that may be looked at more closely."""
