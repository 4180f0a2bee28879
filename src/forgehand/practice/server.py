"""Runs a forge over HTTP: in a thread for tests and the demo, or in the foreground for `forgehand practice`."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from forgehand.practice.forge import Forge
from forgehand.practice.records import Quirks

log = logging.getLogger(__name__)
PATIENCE = 60.0
"""Seconds in which it starts, and ends: what it has in hand is answered first, pushes too."""


class ForgeServer:
    """`with ForgeServer(forge) as server:` serves at `server.url` until the block ends.

    Port 0 lets the kernel choose. The forge's webhooks and timers end with the server, and no call is under way then.
    """

    def __init__(self, forge: Forge, host: str = "127.0.0.1", port: int = 0) -> None:
        self.forge = forge
        self._socket = socket.create_server((host, port))
        port = self._socket.getsockname()[1]
        self.url = f"http://{host}:{port}"
        forge.world.base_url = self.url
        config = uvicorn.Config(
            forge.api,
            http=_Protocol,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="practice-forge", daemon=True)

    def __enter__(self) -> "ForgeServer":
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the practice forge did not start")
            time.sleep(0.002)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._server.stop()
        self._thread.join(PATIENCE)
        self._socket.close()
        if self._thread.is_alive():
            # What it did after this would be missed by whoever asks now what failed; and what is under way has the
            # world, which the end of its webhooks and timers would have to wait for.
            raise RuntimeError(f"the practice forge did not end within {PATIENCE:g} s: a call is still under way in it")
        self.forge.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Server(uvicorn.Server):
    """Ends at once: uvicorn looks every tenth of a second whether it should, and waits for its clients."""

    def stop(self) -> None:
        # A loop that has ended says so by RuntimeError.
        with contextlib.suppress(RuntimeError):
            if self.started:
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets=sockets)

    async def main_loop(self) -> None:
        while not self._stopped.is_set() and not self.should_exit:
            # uvicorn's own tick renews the Date header.
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.close()
        for task in list(self.server_state.tasks):
            task.cancel()


class _Protocol(HttpToolsProtocol):
    """Lets the application cut a connection, which ASGI has no word for."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["practice.abort"] = self.transport.abort


def serve(root: Path, host: str = "127.0.0.1", port: int = 0) -> None:
    """Run an empty forge in the foreground until interrupted; its URL is the first line printed."""
    # People at the forge clone public repositories without a token.
    with ForgeServer(Forge(root, Quirks(strict_reads=False)), host, port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            log.info("the practice forge ends")
