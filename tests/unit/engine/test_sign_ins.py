"""One-time links that one process makes and another takes, and what is written down of it."""

from collections.abc import AsyncIterator

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.engine.sign_ins import LINK_SECONDS, SignIns
from support.stories import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


async def test_a_link_made_here_is_taken_there_once(store: MemoryStore) -> None:
    clock = Clock()
    token = await SignIns(store, clock).new_link("octocat (command line)")
    there = SignIns(store, clock)
    assert await there.take_link(token) == "octocat (command line)"
    assert await there.take_link(token) is None


async def test_a_link_ends_by_itself_and_a_guess_opens_nothing(store: MemoryStore) -> None:
    clock = Clock()
    sign_ins = SignIns(store, clock)
    token = await sign_ins.new_link("octocat")
    changes = await store.latest_change()
    assert await sign_ins.take_link("guess") is None
    clock.now += LINK_SECONDS
    assert await sign_ins.take_link(token) is None
    assert await store.latest_change() == changes, "strangers write nothing"


async def test_who_made_a_link_and_who_signed_in_is_written_down_without_the_link_itself(store: MemoryStore) -> None:
    sign_ins = SignIns(store, Clock())
    token = await sign_ins.new_link("octocat")
    await sign_ins.signed_in("link of octocat", "5e55", "192.0.2.1")
    facts = [each.fact for each in await store.unfolded(9)]
    assert [(fact.kind, fact.data) for fact in facts] == [
        ("admin.link", {"by": "octocat"}),
        ("admin.sign_in", {"by": "link of octocat", "address": "192.0.2.1"}),
    ]
    assert token not in str(facts)
