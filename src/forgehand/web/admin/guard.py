"""The admin port's gatekeeper, around every route: Host, Origin, sign-in, and the headers of every answer.

A plain ASGI middleware. Behind a tunnel or a proxy, loopback is the internet: that is why nothing is exempt by address.
"""

import json
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forgehand.web.admin.forms import local
from forgehand.web.admin.rendering import Rendering
from forgehand.web.admin.sessions import Session, Sessions

GITHUB_DOOR, GITHUB_DONE = "/admin/sign-in/github", "/admin/sign-in/github/done"
OPEN = frozenset({"/health", "/ready", "/version", "/admin/sign-in", GITHUB_DOOR, GITHUB_DONE})
OPEN_FOLDERS = ("/admin/static/",)
TOKEN_READS = ("/admin/api/", "/metrics")
"""What scripts may read with `Authorization: Bearer <admin token>` instead of a session."""

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: under it browsers send `Origin: null` with our own forms. Nothing goes to other sites.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


class Guard:
    """`allowed_hosts` are host names without ports. `public_origin` (`https://forgehand.example.com`) is how browsers
    reach us where a proxy stands in front; its host is allowed too."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        rendering: Rendering,
        allowed_hosts: Sequence[str],
        public_origin: str = "",
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._rendering = rendering
        self._public_origin = public_origin.rstrip("/")
        public_host = urlsplit(public_origin).hostname
        self._hosts = {host.lower().strip("[]") for host in (*allowed_hosts, public_host or "") if host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {})["session"] = None

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer[name] = value
                # Files are asked for again, by their tag; pages are not kept at all.
                answer.setdefault("cache-control", "no-cache" if scope["path"].startswith(OPEN_FOLDERS) else "no-store")
            await send(message)

        refusal = self._refusal(scope, headers)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if _host_name(host) not in self._hosts:
            return PlainTextResponse("Forgehand does not answer to this host name: FORGEHAND_ADMIN_URL sets it.\n", 421)
        method, path = scope["method"], scope["path"]
        if method not in ("GET", "HEAD") and not self._same_origin(headers, host):
            return PlainTextResponse("Forms are taken from our own pages only.\n", 403)
        if path in OPEN or path.startswith(OPEN_FOLDERS):
            return None
        session = self._session(scope, headers)
        scope["state"]["session"] = session
        if session:
            return None
        if method in ("GET", "HEAD") and path.startswith(TOKEN_READS):
            scheme, _, token = headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                return self._by_token(scope, token)
        return self._sign_in_first(scope, headers)

    def _same_origin(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            # Not a browser, or one that vouches for the page; without a session's CSRF token it gets nowhere.
            return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        try:
            return urlsplit(origin).netloc.lower() == host.lower() or origin == self._public_origin
        except ValueError:
            return False

    def _session(self, scope: Scope, headers: Headers) -> Session | None:
        return self._sessions.read(cookie_parser(headers.get("cookie", "")).get(cookie_name(scope)))

    def _by_token(self, scope: Scope, token: str) -> Response | None:
        if self._sessions.is_admin_token(token):
            return None
        wait = self._sessions.missed(client_name(scope))
        if not wait:
            return _unauthorized("That is not the admin token.")
        body = json.dumps({"error": "Too many wrong tokens: wait a few minutes."})
        return Response(body, 429, {"retry-after": str(int(wait) + 1)}, "application/json")

    def _sign_in_first(self, scope: Scope, headers: Headers) -> Response:
        path: str = scope["path"]
        if path.startswith(TOKEN_READS) or path == "/admin/events":
            return _unauthorized("Sign in first, or send the admin token as a bearer token.")
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Sign in first.\n", 401)
        query = scope.get("query_string", b"").decode("latin-1")
        # Browsers take `//host/…` for another site: where to go on is one of our own pages, or the first of them.
        here = local(quote(path) + (f"?{query}" if query else ""))
        if headers.get("sec-fetch-site") == "cross-site":
            # A link on another site: browsers held the strict cookie back. Our own page asks again, with it.
            return HTMLResponse(self._rendering.text("continue.html", here=here))
        return RedirectResponse(f"/admin/sign-in?next={quote(here, safe='')}", 303)


def cookie_name(scope: Scope) -> str:
    """Cookies ignore ports: two Forgehands on one host must not sign each other out."""
    server = scope.get("server") or ("", None)
    return f"forgehand-{server[1] or 'session'}"


def client_name(scope: Scope) -> str:
    """The address that wrong tokens are counted for."""
    return (scope.get("client") or ("", 0))[0]


def _unauthorized(error: str) -> Response:
    return Response(json.dumps({"error": error}), 401, {"www-authenticate": "Bearer"}, "application/json")


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
