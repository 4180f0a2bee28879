"""The local page of `forgehand init`: shows what will be asked for, posts it to GitHub, receives the code.

It listens on 127.0.0.1 only, for as long as `init` waits. The `state` that GitHub hands back must be ours, so that no
other page can plant an App of its own here.
"""

import asyncio
import hmac
import html
import json
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from forgehand.assembly.credentials import NewApp, convert
from forgehand.cli.errors import Stop
from forgehand.ports.github import GitHubError


class Answer(NamedTuple):
    """What a GET gets: a status and a page, and the App where GitHub has just made it."""

    status: int
    page: str
    app: NewApp | None = None


class ManifestPage:
    """`target` is GitHub's page for new Apps; `manifest` gives the manifest for the address to come back to."""

    def __init__(self, target: str, manifest: Callable[[str], Mapping[str, Any]], api_url: str, port: int = 0) -> None:
        self._state = secrets.token_urlsafe(24)
        self._target = target
        self._api_url = api_url
        self._made: queue.Queue[NewApp] = queue.Queue()
        self._exchanging = threading.Lock()
        try:
            self._server = _Server(("127.0.0.1", port), self)
        except OSError as error:
            raise Stop(f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another --port") from None
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._manifest = manifest(f"{self.url}created")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, seconds: float) -> NewApp:
        """The App, once GitHub has sent the person back. Raises Stop after that many seconds."""
        try:
            return self._made.get(timeout=seconds)
        except queue.Empty:
            raise Stop(
                f"nobody came back from GitHub within {seconds:g} s; nothing was written. If the App was created, "
                "delete it on GitHub and run `forgehand init` again"
            ) from None

    def hand_over(self, app: NewApp) -> None:
        """To whoever waits. `init` ends upon it, and the process with it: first the person must have their answer."""
        self._made.put(app)

    def answer(self, host: str, path: str) -> Answer:
        """For a GET of `path` at the name `host`."""
        # A page elsewhere could point a name of its own at 127.0.0.1 and read us by that name.
        if host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            return Answer(403, _page("Not here", "<p>This page is for this machine only.</p>"))
        parts = urlsplit(path)
        match parts.path:
            case "/":
                return Answer(200, self._form())
            case "/created":
                return self._created({name: values[0] for name, values in parse_qs(parts.query).items()})
        return Answer(404, _page("Not found", '<p>There is only <a href="/">one page</a>.</p>'))

    def _form(self) -> str:
        asked = "".join(
            f"<li>{html.escape(name.replace('_', ' '))}: {html.escape(level)}</li>"
            for name, level in self._manifest["default_permissions"].items()
        )
        hook = self._manifest["hook_attributes"]
        webhooks = html.escape(hook["url"]) if hook["active"] else "off: polls find everything"
        body = f"""
<p>GitHub will show you the App <b>{html.escape(self._manifest["name"])}</b> once more; confirm it there.</p>
<ul>{asked}</ul>
<p>Webhooks: {webhooks}</p>
<form method="post" action="{html.escape(f"{self._target}?state={self._state}")}">
<input type="hidden" name="manifest" value="{html.escape(json.dumps(self._manifest))}">
<button>Create the App on GitHub</button>
</form>"""
        return _page("Create your GitHub App", body)

    def _created(self, given: Mapping[str, str]) -> Answer:
        if not hmac.compare_digest(given.get("state", "").encode(), self._state.encode()):
            return Answer(403, _page("Not ours", '<p>This did not start here. <a href="/">Start again</a>.</p>'))
        code = given.get("code", "")
        if not code:
            return Answer(400, _page("No code", '<p>GitHub sent no code. <a href="/">Start again</a>.</p>'))
        with self._exchanging:
            try:
                app = asyncio.run(convert(code, self._api_url))
            except GitHubError as error:
                why = html.escape(error.why)
                again = f'<p>{why}</p><p><a href="/">Start again</a></p>'
                return Answer(502, _page("GitHub did not hand out the App", again))
        install = html.escape(f"{app.html_url}/installations/new")
        link = f'<a href="{install}">install it on your repositories</a>'
        body = f"<p>Next: {link}, and run <code>forgehand serve</code>.</p>"
        return Answer(200, _page(f"{html.escape(app.slug)} is yours", body), app)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], page: ManifestPage) -> None:
        self.page = page
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """One request to the page."""

    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        answer = self.server.page.answer(self.headers.get("Host", ""), self.path)
        # GitHub hands out the secrets once: they are kept also where the browser has gone.
        with suppress(OSError):
            self.send_page(answer)
        if answer.app:
            self.server.page.hand_over(answer.app)

    def send_page(self, answer: Answer) -> None:
        body = answer.page.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
        # The code and the state stand in the address: only our origin may be told. Not even that would make the
        # browser send `Origin: null` with the form, which looks forged.
        self.send_header("Referrer-Policy", "strict-origin")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem;cursor:pointer}}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""
