"""For machines: is it alive, is it ready, which version, and numbers for Prometheus."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forgehand.ports.store import Store, StoreUnavailable
from forgehand.web.admin.live import Live
from forgehand.web.admin.metrics import measured


class Probes:
    def __init__(self, store: Store, live: Live, clock: Callable[[], float], version: str) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._version = version
        self._registry = CollectorRegistry()
        self._build = Gauge("forgehand_build_info", "The version that runs.", ["version"], registry=self._registry)
        self._up = Gauge("forgehand_store_up", "Whether the store answers.", registry=self._registry)
        self._paused = Gauge("forgehand_paused", "Whether writes are paused.", registry=self._registry)
        self._late = Gauge(
            "forgehand_oldest_due_job_seconds",
            "How long the oldest due job has been waiting for a worker.",
            registry=self._registry,
        )
        self._listeners = Gauge("forgehand_live_listeners", "Pages that listen now.", registry=self._registry)

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/version", self.version),
            Route("/metrics", self.metrics),
        ]

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        try:
            await self._store.check()
        except StoreUnavailable:
            # Not the store's own sentence: this answer needs no sign-in.
            return JSONResponse({"error": "The store does not answer."}, 503, {"retry-after": "5"})
        return JSONResponse({"status": "ready"})

    async def version(self, request: Request) -> Response:
        return JSONResponse({"name": "forgehand", "version": self._version})

    async def metrics(self, request: Request) -> Response:
        self._build.labels(self._version).set(1)
        self._listeners.set(self._live.listeners)
        try:
            now = self._clock()
            due = await self._store.next_due()
            self._late.set(max(0.0, now - due) if due is not None else 0.0)
            self._paused.set(await self._store.paused() is not None)
            numbers = await self._numbers(now)
            self._up.set(1)
        except StoreUnavailable:
            numbers = b""
            self._up.set(0)
        return Response(generate_latest(self._registry) + numbers, media_type=CONTENT_TYPE_LATEST)

    async def _numbers(self, now: float) -> bytes:
        """Of this scrape alone, so that two at once do not mix."""
        registry = CollectorRegistry()
        registry.register((await measured(self._store, now)).collector())
        return generate_latest(registry)
