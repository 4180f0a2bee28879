"""`forgehand serve`: webhooks and admin pages in this process, one warm worker child beside it, supervised."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette

from forgehand import VERSION
from forgehand.adapters.wakeups import PipeWakeups, wakeup_pipe
from forgehand.assembly.build import App, opened, wakeups_of
from forgehand.assembly.logs import set_up_logs
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.assembly.worker_process import PULSE_SECONDS
from forgehand.engine.steps import Steps, silent
from forgehand.ports.wakeups import Wakeups
from forgehand.web.admin.app import LOOPBACK, build_admin, end_live, sign_in_path
from forgehand.web.intake import IntakeApp

log = structlog.get_logger(__name__)

WORKER_MODULE = ("-m", "forgehand.assembly.worker_process")
WEDGED_SECONDS = 90.0
"""A worker whose event loop has not turned for so long is killed; its leases were no longer renewed after 60."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are once they listen. `sign_in_url` signs one person in, once."""

    webhook_url: str
    admin_url: str
    sign_in_url: str


def serve(
    settings: Settings,
    on_ready: Callable[[Addresses], None],
    *,
    worker: Sequence[str] = WORKER_MODULE,
    steps: Steps = silent,
) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. `worker` is how Python starts the worker child."""
    set_up_logs(settings)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(settings, on_ready, worker, steps))


async def _serve(settings: Settings, on_ready: Callable[[Addresses], None], worker: Sequence[str], steps: Steps) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with (
        _bound(settings.host, settings.port, "PORT") as webhooks,
        _bound(settings.admin_host, settings.admin_port, "FORGEHAND_ADMIN_PORT") as admin,
    ):
        settings = settings.model_copy(update={"port": _port(webhooks), "admin_port": _port(admin)})
        child = WorkerChild(settings, worker)
        async with opened(settings, wakeups=await _hints(settings, child), steps=steps) as app:
            admin_app = _admin(app)
            servers = [_Server(_config(_webhooks(app))), _Server(_config(admin_app))]
            serving = [
                asyncio.create_task(server.serve(sockets=[sock]))
                for server, sock in zip(servers, (webhooks, admin), strict=True)
            ]
            supervising = asyncio.create_task(child.supervise())
            on_ready(
                Addresses(
                    f"http://{settings.host}:{settings.port}/webhooks/github",
                    f"{settings.admin_base_url}/admin",
                    f"{settings.admin_base_url}{sign_in_path(admin_app)}",
                )
            )
            await asyncio.wait([asyncio.create_task(stop.wait()), *serving], return_when=asyncio.FIRST_COMPLETED)
            end_live(admin_app)
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*serving)
            supervising.cancel()
            await child.stop()
    return 0


class WorkerChild:
    """The worker process beside the server: started, woken, watched, restarted, and stopped with it."""

    def __init__(self, settings: Settings, how: Sequence[str]) -> None:
        self._settings = settings
        self._how = how
        self._process: asyncio.subprocess.Process | None = None
        self.wake_read, self.wake_write = wakeup_pipe()
        self._pulse_read, self._pulse_write = os.pipe()
        self._last_pulse = time.monotonic()

    async def supervise(self) -> None:
        """Keep one worker running. One that dies is started again, after a pause that grows while it keeps dying."""
        os.set_blocking(self._pulse_read, False)
        deaths = 0
        while True:
            started = time.monotonic()
            self._process = await self._start()
            await self._watch(self._process)
            deaths = 0 if time.monotonic() - started > 60 else deaths + 1
            log.error("worker.died", code=self._process.returncode, again=deaths)
            await asyncio.sleep(min(0.2 * 2 ** min(deaths, 8), 30.0) if deaths > 1 else 0)

    async def stop(self) -> None:
        """Ask it to finish, and insist after a while."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._how,
            str(self.wake_read),
            str(self._pulse_write),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(self.wake_read, self._pulse_write),
        )
        assert process.stdin is not None
        process.stdin.write(self._settings.to_json() + b"\n")
        with suppress(ConnectionError):
            await process.stdin.drain()
        self._last_pulse = time.monotonic()
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Return once it is dead; kill it when its event loop stands still."""
        waiting = asyncio.create_task(process.wait())
        while not waiting.done():
            await asyncio.wait([waiting], timeout=PULSE_SECONDS)
            with suppress(BlockingIOError):
                if os.read(self._pulse_read, 65536):
                    self._last_pulse = time.monotonic()
            if time.monotonic() - self._last_pulse > WEDGED_SECONDS and process.returncode is None:
                log.error("worker.wedged", pid=process.pid)
                process.kill()


async def _hints(settings: Settings, child: WorkerChild) -> Wakeups:
    if settings.database_url.startswith("postgresql"):
        return await wakeups_of(settings)
    return PipeWakeups(write=child.wake_write)


def _webhooks(app: App) -> Any:
    return IntakeApp(app.intake(), app.settings.webhook_secrets, ready=app.store.check)


def _admin(app: App) -> Starlette:
    settings = app.settings
    reached = urlsplit(settings.admin_base_url)
    return build_admin(
        app.store,
        app.wakeups,
        version=VERSION,
        admin_token=settings.admin_token.get_secret_value() or None,
        allowed_hosts=(*LOOPBACK, *([reached.hostname] if reached.hostname else [])),
        public_origin=f"{reached.scheme}://{reached.netloc}" if settings.admin_url else "",
        github_url=settings.github_url,
    )


class _Server(uvicorn.Server):
    """Signals are ours: both servers, the store and the worker stop together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


@contextmanager
def _bound(host: str, port: int, setting: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}; choose another {setting}") from None
        sock.listen(2048)
        yield sock


def _port(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on every platform
        return None
    return uvloop.new_event_loop
