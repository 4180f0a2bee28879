"""A real Chromium before a real server on this machine, watched: what it asks for, what it complains about."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.types import ASGIApp

from forgehand.adapters.memory import MemoryStore
from forgehand.web.admin.app import build_admin, end_live, sign_in_path
from support import needs
from support.stories import HintedWakeups

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000
"""Milliseconds that a page has to show what is expected of it, and to let itself be clicked. Chromium draws in software
here, beside other tests; what never comes is still found."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Watch:
    """What pages asked for and complained about: a test ends by looking at it."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def abroad(self) -> list[str]:
        """Requests that would leave the machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]


@dataclass
class Visit:
    """The dashboard in a browser: `page` is signed in once `sign_in` was called."""

    url: str
    app: Starlette
    store: MemoryStore
    wakeups: HintedWakeups
    context: BrowserContext
    page: Page
    watch: Watch

    async def sign_in(self) -> None:
        await self.page.goto(self.url + sign_in_path(self.app))
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(f"{self.url}/admin")

    async def goto_live(self, path: str) -> None:
        """Open a page and wait until it listens."""
        await self.page.goto(self.url + path)
        await self.page.get_by_role("status").get_by_text("Live", exact=True).wait_for()

    async def shoot(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


@contextlib.asynccontextmanager
async def visit(chromium: Path, **options: object) -> AsyncIterator[Visit]:
    """An empty dashboard and a fresh profile; `options` are the browser context's, such as `color_scheme`. At the end
    no request may have left the machine and no page may have complained."""
    store, wakeups, watch = MemoryStore(), HintedWakeups(), Watch()
    await store.open()
    app = build_admin(store, wakeups, version="1.2.3", admin_token="open sesame", poll_seconds=0.05)
    async with serving(app) as url, browser(chromium) as opened:
        context = await opened.new_context(viewport={"width": 1180, "height": 820}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        watched(context, watch)
        yield Visit(url, app, store, wakeups, context, await context.new_page(), watch)
        await context.close()
        end_live(app)
    assert watch.abroad == []
    assert watch.complaints == []


@contextlib.asynccontextmanager
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A Chromium of its own, with a profile that is thrown away."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=FLAGS, timeout=PATIENCE)
        try:
            yield opened
        finally:
            await opened.close()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """The application on a port of the kernel's choice of 127.0.0.1, as `http://127.0.0.1:port`."""
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started:
                await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def watched(context: BrowserContext, watch: Watch) -> None:
    """Note every request, console error, uncaught error and dialog of the context's pages."""
    context.on("request", lambda request: watch.requests.append(request.url))
    context.on("weberror", lambda error: watch.complaints.append(str(error.error)))
    context.on(
        "console", lambda said: watch.complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    context.on("dialog", lambda dialog: watch.complaints.append(f"dialog: {dialog.message}"))


def axe() -> str:
    """The accessibility checker's script."""
    path = needs.TESTS / "node_modules/axe-core/axe.min.js"
    if not path.is_file():
        needs.not_run("axe-core", "tests/node_modules has none; `./dev test` installs it with `npm ci`")
    return path.read_text("utf-8")


class _Server(uvicorn.Server):
    """Signals stay with pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
