"""Projections made once more from the facts are the ones that are there, whatever happened and was forgotten before."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change
from forgehand.domain.projections import Projection
from forgehand.engine.projector import Projector
from forgehand.engine.rebuild import Rebuild
from forgehand.ports.store import Edition, Lead, Store, StoreUnavailable, Written
from support.stores import NOW

pytestmark = pytest.mark.anyio

HOUR = 3600.0
FACTS = st.builds(
    dict,
    kind=st.sampled_from(
        [
            "job.completed",
            "job.failed",
            "job.dead_letter",
            "job.waiting",
            "effect.unknown",
            "admin.settle",
            "pull.merged",
        ]
    ),
    at=st.floats(NOW - 10 * HOUR, NOW).map(lambda at: round(at, 3)),
    delivery=st.sampled_from([None, "g1"]),
    repository_id=st.sampled_from([None, 22, 33]),
    data=st.fixed_dictionaries(
        {},
        optional={
            "worker": st.sampled_from(["review", "tester", "planner"]),
            "was": st.sampled_from(["waiting", "dead_letter"]),
            "age": st.floats(0, 1e4),
            "seconds": st.floats(0, 100),
            "made": st.dictionaries(st.sampled_from(["review", "planner"]), st.integers(1, 3)),
            "repository": st.sampled_from(["acme/rocket", "acme/shop"]),
        },
    ),
)
STEPS = st.one_of(
    st.tuples(st.just("happen"), st.lists(FACTS, min_size=1, max_size=8)),
    st.tuples(st.just("fold"), st.integers(1, 5)),
    st.tuples(st.just("forget"), st.floats(NOW - 10 * HOUR, NOW)),
    st.tuples(st.just("rebuild")),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=12))
def test_a_rebuild_changes_nothing_whatever_happened_was_folded_or_forgotten(steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(_live(MemoryStore(), steps))


@pytest.mark.parametrize("forgotten", [0.0, 5.5])
async def test_a_rebuild_changes_nothing_on_any_store(store: Store, forgotten: float) -> None:
    for number in reversed(range(60)):
        await _happen(store, number, [{"kind": "job.failed", "at": NOW - number * 600.0, "data": {"worker": "review"}}])
    await _fold(store, 7)
    while await store.forget(NOW - forgotten * HOUR, NOW, 11) if forgotten else 0:
        pass
    rows = await _rows(store)
    rebuilt = await Rebuild(store, lambda: NOW, holder="rebuild", rows_at_a_time=17).run()
    assert (rebuilt.changed, rebuilt.rows) == (0, len(rows))
    assert rebuilt.facts == (60 if not forgotten else 34)
    assert await _rows(store) == rows
    assert await store.drop_editions(9) == 0


async def test_rows_that_are_wrong_are_put_right_and_facts_that_come_meanwhile_are_not_lost(store: Store) -> None:
    await _happen(store, 1, [{"kind": "pull.merged"}] * 3)
    await _fold(store, 100)
    right = await _rows(store)
    lead = await store.lead("wrong", 10, NOW)
    assert lead is not None
    wrong = [Projection("totals", "all", NOW, '{"counts":{"pull.merged":99}}'), Projection("totals", "odd", NOW, "{}")]
    await store.fold(wrong, [], lead, NOW - 1)
    await _happen(store, 2, [{"kind": "pull.merged"}])
    rebuilt = await Rebuild(store, lambda: NOW, holder="rebuild").run()
    assert (rebuilt.facts, rebuilt.changed) == (3, 2)
    assert await _rows(store) == right
    assert len(await store.unfolded(9)) == 1


async def test_what_a_rebuild_that_died_left_behind_is_cleared_away(store: Store) -> None:
    await _happen(store, 1, [{"kind": "pull.merged"}])
    await _fold(store, 100)
    rows = await _rows(store)
    lead = await store.lead("died", 10, NOW)
    assert lead is not None
    edition = await store.begin_edition(lead, NOW)
    assert edition is not None
    await store.draft([Projection("totals", "leftover", NOW, "{}")], edition, lead, NOW)
    assert await _rows(store) == rows
    assert (await Rebuild(store, lambda: NOW, holder="rebuild").run()).changed == 0
    assert await _rows(store) == rows


async def test_facts_forgotten_meanwhile_make_it_begin_again(store: Store) -> None:
    await _happen(store, 1, [{"kind": "pull.merged", "at": NOW - 9 * HOUR}, {"kind": "pull.merged"}])
    await _fold(store, 100)
    lead = await store.lead("rebuild", 10, NOW)
    assert lead is not None
    edition = await store.begin_edition(lead, NOW + 10)
    assert edition is not None
    await store.forget(NOW - HOUR, NOW, 100)
    assert await store.publish(edition, lead) is Written.STALE
    assert (await Rebuild(store, lambda: NOW, holder="rebuild").run()).changed == 0


async def test_who_lost_the_lead_neither_drafts_nor_publishes(store: Store) -> None:
    lead = await store.lead("rebuild", 10, NOW)
    assert lead is not None
    edition = await store.begin_edition(lead, NOW + 10)
    assert edition is not None
    assert await store.lead("other", 10, NOW + 100) is not None
    assert await store.draft([], edition, lead, NOW + 200) is Written.FENCE_LOST
    assert await store.publish(edition, lead) is Written.FENCE_LOST
    assert await store.begin_edition(lead, NOW + 200) is None


async def test_a_rebuild_that_never_comes_to_an_end_says_so() -> None:
    store = AlwaysForgetting()
    await store.open()
    with pytest.raises(StoreUnavailable, match="during every attempt"):
        await Rebuild(store, lambda: NOW, holder="rebuild").run()


class AlwaysForgetting(MemoryStore):
    async def publish(self, edition: Edition, lead: Lead) -> Written:
        return Written.STALE


async def _live(store: Store, steps: list[tuple[Any, ...]]) -> None:
    await store.open()
    for number, (verb, *arguments) in enumerate(steps):
        match verb:
            case "happen":
                await _happen(store, number, arguments[0])
            case "fold":
                await _fold(store, arguments[0])
            case "forget":
                await store.forget(arguments[0], NOW, 4)
            case "rebuild":
                assert (await Rebuild(store, lambda: NOW, holder="rebuild").run()).changed == 0
    await _fold(store, 100)
    rebuilt = await Rebuild(store, lambda: NOW, holder="rebuild").run()
    assert (rebuilt.changed, rebuilt.rows) == (0, len(await _rows(store)))


async def _happen(store: Store, number: int, facts: list[dict[str, Any]]) -> None:
    made = [Fact(f"{number}.{n}", **({"at": NOW} | each)) for n, each in enumerate(facts)]
    await store.commit(Change(facts=tuple(made)), NOW)


async def _fold(store: Store, at_a_time: int) -> None:
    await Projector(store, lambda: NOW, holder="rebuild", facts_at_a_time=at_a_time).once()


async def _rows(store: Store) -> list[Projection]:
    rows: list[Projection] = []
    while page := await store.edition_page((rows[-1].series, rows[-1].name) if rows else ("", ""), 1000):
        rows += page
    return rows
