"""`forgehand serve`: webhooks and admin pages in this process, one warm worker child beside it, supervised."""

import asyncio
import hashlib
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette

from forgehand import VERSION
from forgehand.adapters.wakeups import PipeWakeups
from forgehand.assembly.build import ADMIN_URL, App, opened, wakeups_of
from forgehand.assembly.data_folder import refuse_unusable
from forgehand.assembly.logs import set_up_logs
from forgehand.assembly.own_process import allow_many_connections, close_to_neighbours, spare_what_stays
from forgehand.assembly.settings import Settings, SettingsError, split
from forgehand.assembly.worker_child import WorkerChild
from forgehand.domain.jobs import Change
from forgehand.engine.steps import Steps, silent
from forgehand.ports.wakeups import Wakeups
from forgehand.web.admin.app import LOOPBACK, build_admin, end_live, sign_in_path
from forgehand.web.admin.github_sign_in import Admitted, ByGitHub
from forgehand.web.admin.guard import GITHUB_DONE
from forgehand.web.connections import LimitedProtocol, limited
from forgehand.web.deliveries import door
from forgehand.web.intake import IntakeApp

log = structlog.get_logger(__name__)

WORKER_MODULE = ("-m", "forgehand.assembly.worker_process")

WEBHOOK_CONNECTIONS = 1024
ADMIN_CONNECTIONS = 256
ANSWERING_SECONDS = 10
"""How long what is being answered may take yet when it is to end."""


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
    """Run until SIGTERM or SIGINT; gives the exit code. `worker` is how Python starts the worker child.

    Raises SettingsError where a port or the data folder cannot be used."""
    refuse_unusable(settings)
    close_to_neighbours()
    allow_many_connections()
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
            if not settings.admin_url:
                await app.store.commit(Change(marks={ADMIN_URL: settings.admin_base_url}), time.time())
            admin_app = _admin(app)
            for_webhooks, for_admin = _connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
            servers = [_Server(_config(_webhooks(app), for_webhooks)), _Server(_config(admin_app, for_admin))]
            serving = [
                asyncio.create_task(server.serve(sockets=[sock]))
                for server, sock in zip(servers, (webhooks, admin), strict=True)
            ]
            supervising = asyncio.create_task(child.supervise(stop))
            spare_what_stays()
            on_ready(
                Addresses(
                    f"http://{settings.host}:{settings.port}/webhooks/github",
                    f"{settings.admin_base_url}/admin",
                    f"{settings.admin_base_url}{sign_in_path(admin_app)}",
                )
            )
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait([stopping, supervising, *serving], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            end_live(admin_app)
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*serving)
            await child.stop()
            await supervising
    return 0


async def _hints(settings: Settings, child: WorkerChild) -> Wakeups:
    if settings.shared_database:
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
        session_secret=_session_secret(settings),
        admin_token=settings.admin_token.get_secret_value() or None,
        allowed_hosts=(*LOOPBACK, *([reached.hostname] if reached.hostname else [])),
        public_origin=f"{reached.scheme}://{reached.netloc}" if settings.admin_url else "",
        github_url=settings.github_url,
        by_github=_by_github(settings),
    )


def _session_secret(settings: Settings) -> bytes | None:
    """What signs cookies, the same in every process that has the operator's key; None where there is none."""
    key = settings.secret_key.get_secret_value().encode()
    # The salt keeps this use of the setting apart from others; scrypt, since operators choose passphrases, and whoever
    # has a cookie could try them.
    return hashlib.scrypt(key, salt=b"forgehand admin sessions", n=2**14, r=8, p=1, dklen=32) if key else None


def _by_github(settings: Settings) -> ByGitHub | None:
    if not settings.admits_by_github:
        return None
    # Imported here: no other process that takes webhooks in needs it.
    from forgehand.adapters.github import GitHubPeople

    people = GitHubPeople(
        settings.github_client_id,
        settings.github_client_secret.get_secret_value(),
        api_url=settings.github_api_url,
        web_url=settings.github_url,
        callback_url=f"{settings.admin_base_url}{GITHUB_DONE}",
        user_agent=f"forgehand/{VERSION}",
    )
    return ByGitHub(people, Admitted(frozenset(split(settings.admin_logins)), split(settings.admin_teams)))


class _Server(uvicorn.Server):
    """Signals are ours: both servers, the store and the worker stop together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _connections(open_files: int) -> tuple[int, int]:
    """How many connections the webhook port and the admin port may hold: each its own share, so that strangers at one
    door cannot close the other, and half of all files stay for the store and the jobs."""
    if open_files == resource.RLIM_INFINITY:
        return WEBHOOK_CONNECTIONS, ADMIN_CONNECTIONS
    half = open_files // 2
    return min(WEBHOOK_CONNECTIONS, max(1, half * 3 // 4)), min(ADMIN_CONNECTIONS, max(1, half // 4))


def _config(app: Any, connections: int = ADMIN_CONNECTIONS) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=limited(connections, door(app) if isinstance(app, IntakeApp) else LimitedProtocol),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ANSWERING_SECONDS,
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
