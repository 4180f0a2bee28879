"""A dashboard that nobody has signed in to yet, and one where somebody has."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.web.admin.app import build_admin
from support.dashboard import ORIGIN, Dashboard
from support.stories import Clock, HintedWakeups


@pytest.fixture
async def locked(anyio_backend: str) -> AsyncIterator[Dashboard]:
    store, wakeups, clock = MemoryStore(), HintedWakeups(), Clock()
    await store.open()
    app = build_admin(store, wakeups, version="1.2.3", clock=clock, admin_token="open sesame", poll_seconds=0.01)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        yield Dashboard(store, wakeups, clock, app, client)


@pytest.fixture
async def dashboard(locked: Dashboard) -> Dashboard:
    await locked.sign_in()
    return locked
