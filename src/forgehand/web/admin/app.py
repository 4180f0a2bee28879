"""The dashboard as one Starlette application. Called by `assembly`; `sign_in_path` gives the link to print at start."""

import time
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from forgehand.engine.operations import Operations
from forgehand.engine.sign_ins import SignIns
from forgehand.ports.store import Store, StoreUnavailable
from forgehand.ports.wakeups import Wakeups
from forgehand.web.admin.actions import Actions
from forgehand.web.admin.api import Api
from forgehand.web.admin.audit_pages import AuditPages
from forgehand.web.admin.dispatch_pages import DispatchPages
from forgehand.web.admin.github_sign_in import ByGitHub, GitHubSignIn
from forgehand.web.admin.guard import Guard
from forgehand.web.admin.live import Live
from forgehand.web.admin.number_pages import NumberPages
from forgehand.web.admin.pages import PagesOfAdmin
from forgehand.web.admin.probes import Probes
from forgehand.web.admin.pull_pages import PullPages
from forgehand.web.admin.rendering import HERE, Rendering
from forgehand.web.admin.search_page import SearchPage
from forgehand.web.admin.sessions import Sessions, link_path
from forgehand.web.admin.shell import Shell
from forgehand.web.admin.sign_in import SignIn
from forgehand.web.admin.trouble_pages import TroublePages

_OUR_FAULT = "Something here is broken; what, is in the server's log. Nothing was changed on GitHub by opening this."

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def build_admin(
    store: Store,
    wakeups: Wakeups,
    *,
    version: str,
    clock: Callable[[], float] = time.time,
    session_secret: bytes | None = None,
    admin_token: str | None = None,
    allowed_hosts: Sequence[str] = LOOPBACK,
    public_origin: str = "",
    github_url: str = "https://github.com",
    by_github: ByGitHub | None = None,
    link_seconds: float = 900.0,
    session_seconds: float = 12 * 3600.0,
    poll_seconds: float = 0.5,
) -> Starlette:
    """The whole admin port.

    `session_secret`: random per start when None, so that a restart signs everyone out. `admin_token`: a second way in,
    and the bearer token of scripts. `allowed_hosts`: names without ports under which browsers may call us.
    `public_origin`: `https://…` where a proxy stands in front. `by_github`: people may sign in with GitHub, too. Times
    in seconds.
    """
    sessions = Sessions(
        clock,
        secret=session_secret,
        admin_token=admin_token,
        link_seconds=link_seconds,
        session_seconds=session_seconds,
    )
    rendering = Rendering(clock, github_url, version)
    sign_in = SignIn(
        sessions,
        SignIns(store, clock),
        rendering,
        secure=public_origin.startswith("https://"),
        by_github=by_github is not None,
    )
    live = Live(store.latest_change, poll_seconds=poll_seconds)
    shell = Shell(store, rendering, sessions)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if _wants_json(request):
            return JSONResponse({"error": error.detail}, error.status_code, error.headers)
        return shell.failed(request, error.status_code, error.detail)

    async def unavailable(request: Request, error: Exception) -> Response:
        assert isinstance(error, StoreUnavailable)
        if _wants_json(request):
            return JSONResponse({"error": error.why}, 503)
        return shell.failed(request, 503, f"The store does not answer: {error.why}")

    async def broken(request: Request, error: Exception) -> Response:
        if _wants_json(request):
            return JSONResponse({"error": _OUR_FAULT}, 500)
        return shell.failed(request, 500, _OUR_FAULT)

    async def to_admin(request: Request) -> Response:
        return RedirectResponse("/admin", 303)

    app = Starlette(
        routes=[
            Route("/", to_admin),
            Route("/admin/events", live.respond),
            *sign_in.routes(),
            *(GitHubSignIn(by_github, sign_in, sessions, rendering, clock).routes() if by_github else ()),
            *Actions(Operations(store, wakeups, clock), sessions).routes(),
            *PagesOfAdmin(store, store, shell, clock).routes(),
            *PullPages(store, shell).routes(),
            *TroublePages(store, store, shell).routes(),
            *NumberPages(store, store, shell, clock).routes(),
            *AuditPages(store, shell).routes(),
            *DispatchPages(store, shell).routes(),
            *SearchPage(store, shell).routes(),
            *Api(store, version, clock).routes(),
            *Probes(store, live, clock, version).routes(),
            Mount("/admin/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(
                Guard,
                sessions=sessions,
                rendering=rendering,
                allowed_hosts=allowed_hosts,
                public_origin=public_origin,
            ),
            # Beneath the guard, whose headers every answer carries. It raises again, so that the server logs why.
            Middleware(ServerErrorMiddleware, handler=broken),
        ],
        exception_handlers={HTTPException: refused, StoreUnavailable: unavailable},
    )
    app.state.sessions = sessions
    app.state.live = live
    return app


def sign_in_path(app: Starlette) -> str:
    """The path and query of a new one-time link, to be printed after scheme, host and port."""
    sessions: Sessions = app.state.sessions
    return link_path(sessions.new_link())


def end_live(app: Starlette) -> None:
    """End the live streams; call it before stopping the server, which else waits for them."""
    live: Live = app.state.live
    live.close()


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(("/admin/api/", "/admin/events", "/metrics", "/ready"))
