"""What somebody has in hand is found by key, or by how it begins."""

from collections.abc import AsyncIterator

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.engine.projector import Projector
from forgehand.engine.queries import NamedRepository, search
from support import stories

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
GUID = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01"
WIDGETS = NamedRepository(42, "acme/widgets")


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    await stories.reviewed(store, GUID, NOW)
    await stories.decided(store, 7, NOW)
    await Projector(store, lambda: NOW, holder="test").once()
    yield store
    await store.close()


@pytest.mark.parametrize("asked", ["acme", "Acme/Wid", "widg", "https://github.com/acme/widgets/actions"])
async def test_a_repository_is_found_by_how_its_name_begins(store: MemoryStore, asked: str) -> None:
    assert (await search(store, asked)).repositories == (WIDGETS,)


async def test_what_is_named_whole_is_exact(store: MemoryStore) -> None:
    job = await store.jobs_of(GUID)
    for asked in ("acme/widgets", "https://github.com/acme/widgets.git", f" {GUID} ", job[0].id, "acme/widgets#7"):
        assert (await search(store, asked)).exact, asked
    for asked in ("acme/widget", GUID[:8], "acme/widgets#8", "nothing"):
        assert not (await search(store, asked)).exact, asked


@pytest.mark.parametrize(
    "asked",
    [
        "acme/widgets#7",
        "ACME/widgets#7",
        "https://github.com/acme/widgets/pull/7",
        "http://127.0.0.1:80/acme/widgets/pull/7/files?w=1",
    ],
)
async def test_a_pull_request_is_found_by_its_number_and_by_its_address(store: MemoryStore, asked: str) -> None:
    [pull] = (await search(store, asked)).pulls
    assert (pull.repo.id, pull.number) == (42, 7)


async def test_of_a_pull_request_that_nobody_decided_about_its_repository_is_found(store: MemoryStore) -> None:
    assert (await search(store, "acme/widgets#8")).repositories == (WIDGETS,)
    assert not await search(store, "acme/gadgets#8")


async def test_deliveries_and_jobs_are_found_by_four_characters_of_their_ids(store: MemoryStore) -> None:
    assert [each.delivery.guid for each in (await search(store, GUID[:4])).deliveries] == [GUID]
    for job in await store.jobs_of(GUID):
        assert job in (await search(store, job.id[:4])).jobs
    assert not await search(store, GUID[:3])


@pytest.mark.parametrize("asked", ["", "   ", "%", "acme/../#", "a" * 300, "\x00", "'; DROP TABLE facts; --"])
async def test_anything_may_be_asked(store: MemoryStore, asked: str) -> None:
    assert not await search(store, asked)
