"""An empty store, open."""

from collections.abc import AsyncIterator

import pytest

from forgehand.adapters.memory import MemoryStore


@pytest.fixture
async def store(anyio_backend: str) -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()
