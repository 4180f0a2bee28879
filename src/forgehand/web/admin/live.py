"""Live pages: one watcher polls the store's change number by key while anyone listens, and tells every listener.

Events say only that something changed; the page then fetches itself again. So nothing secret can leak through them,
and a lost one costs nothing.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import asdict

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forgehand.domain.progress import Progress
from forgehand.ports.store import StoreUnavailable

MAX_LISTENERS = 100
MAX_DIGITS = 19
"""Of a change number, which is a 64-bit number."""


class Live:
    """`latest_change` is the store's. `stream_seconds` bounds one connection: browsers come back by themselves, and
    have to show their session again."""

    def __init__(
        self, latest_change: Callable[[], Awaitable[int]], *, poll_seconds: float = 0.5, stream_seconds: float = 900.0
    ) -> None:
        self._latest_change = latest_change
        self._poll_seconds = poll_seconds
        self._stream_seconds = stream_seconds
        self._listeners: set[asyncio.Event] = set()
        self._seen: int | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    @property
    def watching(self) -> bool:
        return self._watcher is not None

    async def changes(self, seen: int | None = None) -> AsyncGenerator[int, None]:
        """The change number whenever it moved past `seen`, which is what the listener's page was made from."""
        mine = asyncio.Event()
        until = asyncio.get_running_loop().time() + self._stream_seconds
        self._listeners.add(mine)
        try:
            if self._watcher is None:
                self._watcher = asyncio.create_task(self._watch())
            while not self._closed:
                if self._seen is not None and self._seen != seen:
                    seen = self._seen
                    yield seen
                try:
                    async with asyncio.timeout_at(until):
                        await mine.wait()
                except TimeoutError:
                    return
                mine.clear()
        finally:
            self._listeners.discard(mine)
            if not self._listeners and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = self._seen = None

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            listener.set()

    async def respond(self, request: Request) -> Response:
        """`GET /admin/events?seen=N`: the stream. Browsers that come back say `Last-Event-ID`."""
        if self._closed or self.listeners >= MAX_LISTENERS:
            return JSONResponse({"error": "No more listeners now."}, 503, {"retry-after": "5"})
        said = request.headers.get("last-event-id") or request.query_params.get("seen", "")
        seen = int(said) if said.isascii() and said.isdecimal() and len(said) <= MAX_DIGITS else None
        return EventSourceResponse(self._events(seen), ping=15, send_timeout=10)

    async def _events(self, seen: int | None) -> AsyncGenerator[ServerSentEvent, None]:
        async with aclosing(self.changes(seen)) as changes:
            async for number in changes:
                progress = Progress("control", str(number))
                yield ServerSentEvent(json.dumps(asdict(progress)), event="progress", id=str(number), retry=2000)

    async def _watch(self) -> None:
        while True:
            # A store that is away is asked again; a page that cannot be fetched says so by itself.
            with suppress(StoreUnavailable):
                latest = await self._latest_change()
                if latest != self._seen:
                    self._seen = latest
                    for listener in self._listeners:
                        listener.set()
            await asyncio.sleep(self._poll_seconds)
