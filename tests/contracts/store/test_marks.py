"""Marks that move together, or not at all where somebody else moved one first."""

import asyncio

import pytest

from forgehand.domain.jobs import Change
from forgehand.ports.store import Store
from support.stores import NOW, opened

pytestmark = pytest.mark.anyio


async def test_marks_move_where_they_are_as_they_were_seen(store: Store) -> None:
    await store.commit(Change(marks={"known": "1"}), NOW)
    assert await store.move_marks({"known": "1", "new": None, "other": "not asked"}, {"known": "2", "new": "1"}, NOW)
    assert (await store.mark("known"), await store.mark("new"), await store.mark("other")) == ("2", "1", None)


@pytest.mark.parametrize("seen", [{"a": "0", "z": "1"}, {"a": "1", "z": "0"}, {"a": "1", "z": None}, {}])
async def test_none_moves_where_one_was_moved_meanwhile(store: Store, seen: dict[str, str | None]) -> None:
    await store.commit(Change(marks={"a": "1", "z": "1"}), NOW)
    assert not await store.move_marks(seen, {"a": "2", "z": "2"}, NOW)
    assert (await store.mark("a"), await store.mark("z")) == ("1", "1")


async def test_nothing_to_move_is_moved(store: Store) -> None:
    assert await store.move_marks({"a": "seen"}, {}, NOW)


async def test_of_many_who_move_it_at_once_each_move_counts_once(sql_url: str) -> None:
    async with opened(sql_url) as here, opened(sql_url) as there:

        async def count(store: Store) -> None:
            while True:
                seen = {key: await store.mark(key) for key in ("a", "b")}
                if await store.move_marks(seen, {key: str(int(was or 0) + 1) for key, was in seen.items()}, NOW):
                    return

        await asyncio.gather(*(count(store) for store in (here, there) for _ in range(10)))
        assert (await here.mark("a"), await here.mark("b")) == ("20", "20")
