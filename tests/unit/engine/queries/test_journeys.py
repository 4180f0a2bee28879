"""Journeys: what came, what was planned, what was done, and why nothing was where nothing was."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from forgehand.adapters.github.identity import Self
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.arrivals import planning_job
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Done
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.engine.desk import JobDesk
from forgehand.engine.dry_run import DryGate
from forgehand.engine.planner import Planner
from forgehand.engine.queries import (
    Quiet,
    exactness,
    folded,
    job_story,
    journey,
    latest_journeys,
    recent_journeys,
)
from forgehand.engine.queries.journeys import MOST_FACTS, MOST_JOBS, story_of
from support import stories

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


async def test_a_journey_holds_the_whole_path(store: MemoryStore) -> None:
    job = await stories.reviewed(store, "guid", NOW)
    found = await journey(store, "guid")
    assert found is not None
    assert (found.repository, found.action, found.nothing) == ("acme/widgets", "opened", "")
    assert dict(found.planned[0].matched) == {"review": "pull_request.opened"}
    assert dict(found.planned[0].missed) == {"deployment": "it waits for push, not pull_request"}
    assert [(each.job.id, len(each.effects)) for each in found.jobs] == [(job.id, 3)]
    assert [each.type for each in found.planning] == ["plan"]
    assert found.facts[0].kind == "delivery.received"


async def test_of_very_many_jobs_and_facts_the_first_are_told_and_that_there_are_more(store: MemoryStore) -> None:
    job = await stories.reviewed(store, "guid", NOW)
    looks = [replace(job, id=f"look-{number}", lane="", created_at=NOW + number) for number in range(300)]
    said = [Fact(f"said-{number}", "review.judged", NOW + number, "guid", look.id) for number, look in enumerate(looks)]
    await store.commit(Change(enqueue=tuple(looks), facts=tuple(said)), NOW)
    found = await journey(store, "guid")
    assert found is not None
    assert (len(found.planning) + len(found.jobs), found.more_jobs) == (MOST_JOBS, True)
    assert (len(found.facts), found.more_facts) == (MOST_FACTS, True)
    assert [len(each.effects) for each in found.jobs if each.job.id == job.id] == [3]


async def test_of_a_job_with_very_many_facts_each_page_tells_its_own_and_whether_there_are_more(
    store: MemoryStore,
) -> None:
    job = await stories.reviewed(store, "guid", NOW - 60)
    said = tuple(Fact(f"said-{number}", "review.judged", NOW + number, "guid", job.id) for number in range(MOST_FACTS))
    await store.commit(Change(facts=said), NOW)
    first, last, beyond = [await story_of(store, job, page) for page in (1, 2, 3)]
    assert (len(first.facts), first.more_facts, first.told_before) == (MOST_FACTS, True, 0)
    assert (last.facts[-1], last.more_facts, last.told_before) == (said[-1], False, MOST_FACTS)
    assert [*first.facts, *last.facts] == await store.facts_of(job=job.id, limit=1000)
    assert (beyond.facts, beyond.more_facts) == ((), False)


async def test_what_many_jobs_wrote_is_read_at_once() -> None:
    class Counting(MemoryStore):
        reads = 0

        async def entries_of_jobs(self, job_ids: Sequence[str]) -> list[LedgerEntry]:
            self.reads += 1
            return await super().entries_of_jobs(job_ids)

        async def entries_of(self, job_id: str) -> list[LedgerEntry]:
            self.reads += 1
            return await super().entries_of(job_id)

    store = Counting()
    await store.open()
    job = await stories.reviewed(store, "guid", NOW)
    await store.commit(Change(enqueue=tuple(replace(job, id=f"{n}", lane="") for n in range(50))), NOW)
    store.reads = 0
    found = await journey(store, "guid")
    assert found is not None
    assert (len(found.jobs), found.more_jobs, store.reads) == (51, False, 1)
    await store.close()


async def test_recent_journeys_come_newest_first_and_page_by_time(store: MemoryStore) -> None:
    for number in range(4):
        await stories.received(store, f"guid-{number}", NOW + number)
    first = await recent_journeys(store, 3)
    rest = await recent_journeys(store, 3, before=Last(first[-1].received.delivery.received_at))
    assert [each.received.delivery.guid for each in (*first, *rest)] == ["guid-3", "guid-2", "guid-1", "guid-0"]


async def test_nothing_is_said_of_a_delivery_that_is_still_to_be_planned(store: MemoryStore) -> None:
    await stories.received(store, "guid", NOW)
    found = await journey(store, "guid")
    assert found is not None
    assert found.nothing == ""


async def test_why_a_delivery_woke_nobody(store: MemoryStore) -> None:
    await store.record(Delivery("ignored", "star", b"{}", NOW), Change())
    await _planned_to_nothing(store, "unhandled", "delivery.unhandled", {"why": "our own App sent it"})
    await _planned_to_nothing(store, "unmatched", "delivery.planned", {"matched": {}, "missed": {"review": "a draft"}})
    said = {}
    for guid in ("ignored", "unhandled", "unmatched"):
        found = await journey(store, guid)
        assert found is not None
        said[guid] = found.nothing
    assert said == {
        "ignored": "no worker waits for star",
        "unhandled": "our own App sent it",
        "unmatched": "no worker's trigger matches",
    }


async def test_an_echo_of_our_own_names_its_repository_in_lists(store: MemoryStore) -> None:
    async def us() -> Self:
        return Self("forgehand[bot]", "Bot", 7)

    about = {"repository": {"id": 2, "full_name": "octo/shop"}, "installation": {"id": 1}}
    body = json.dumps({"action": "created", "sender": {"login": "forgehand[bot]"}, **about}).encode()
    plan = planning_job("guid", "check_run", NOW)
    await store.record(Delivery("guid", "check_run", body, NOW), Change(enqueue=(plan,)))
    outcome = await Planner(store, (), us).run(JobDesk(plan, DryGate(store), lambda: NOW))
    await stories.end(store, plan.id, outcome, NOW)
    (found,) = await recent_journeys(store, 1)
    assert (found.nothing, found.action, found.repository) == ("our own App sent it", "created", "octo/shop")


async def test_a_jobs_story_holds_its_effects_in_the_order_written(store: MemoryStore) -> None:
    job, entry = await stories.unknown(store, "guid", NOW)
    story = await job_story(store, job.id)
    assert story is not None
    assert [each.slot for each in story.effects] == [entry.slot]
    assert {fact.kind for fact in story.facts} >= {"effect.unknown", "job.waiting"}


async def test_a_job_keeps_what_it_wrote_after_a_later_job_wrote_the_same_objects(store: MemoryStore) -> None:
    first = await stories.reviewed(store, "first", NOW)
    await stories.received(store, "second", NOW + 10)
    later = await stories.claimed(store, (await stories.planned(store, "second", NOW + 10)).id, NOW + 11)
    await stories.effect(store, later, stories.summary(7), EffectState.INTENDED, NOW + 12)
    told = await job_story(store, first.id)
    assert told is not None
    assert [each.kind for each in told.effects] == ["review", "check_run"]
    assert [(each.kind, each.state) for each in told.overtaken] == [("comment", "done")]
    assert told.overtaken[0].slot == stories.summary(7).slot
    found = await journey(store, "first")
    assert found is not None
    assert [each.overtaken for each in found.jobs] == [told.overtaken]
    newer = await job_story(store, later.id)
    assert newer is not None
    assert (len(newer.effects), newer.overtaken) == (1, ())


async def test_neighbors_that_woke_nobody_are_folded_and_nothing_else_moves(store: MemoryStore) -> None:
    for number, event in enumerate(["star", "work", "star", "fork", "star", "work", "star"]):
        if event == "work":
            await stories.received(store, f"guid-{number}", NOW + number)
        else:
            await store.record(Delivery(f"guid-{number}", event, b"{}", NOW + number), Change())
    parts = folded(await recent_journeys(store, 10))
    shown = [part.events if isinstance(part, Quiet) else part.received.delivery.guid for part in parts]
    assert shown == ["guid-6", "guid-5", "2 star, 1 fork", "guid-1", "guid-0"]


async def test_the_latest_reach_back_behind_an_echo_to_what_woke_a_worker(store: MemoryStore) -> None:
    await stories.received(store, "work", NOW)
    await _quiet(store, 15)
    found = await latest_journeys(store, 10)
    assert (len(found), found[-1].received.delivery.guid) == (16, "work")


async def test_the_latest_reach_no_further_back_than_four_pages(store: MemoryStore) -> None:
    await stories.received(store, "work", NOW)
    await _quiet(store, 15)
    assert len(await latest_journeys(store, 3)) == 12


@pytest.mark.parametrize(
    ("body", "repository"),
    [(b'{"repository": {"full_name": "octo/shop"}}', "octo/shop"), (b"{}", ""), (b"[", ""), (b'{"repository": 1}', "")],
)
async def test_a_delivery_that_was_not_planned_names_the_repository_of_its_payload(
    store: MemoryStore, body: bytes, repository: str
) -> None:
    await store.record(Delivery("guid", "star", body, NOW), Change())
    found = await journey(store, "guid")
    assert found is not None
    assert found.repository == repository


async def test_what_is_not_stored_has_no_story(store: MemoryStore) -> None:
    assert await journey(store, "none") is None
    assert await job_story(store, "none") is None


def test_every_kind_of_effect_tells_how_exact_it_is() -> None:
    for kind in ("review", "comment", "check_run", "merge", "ref", "redelivery"):
        assert exactness(kind)
    assert exactness("unheard of") == ""


async def _quiet(store: MemoryStore, number: int) -> None:
    """So many deliveries that no worker waits for, each later than the one before."""
    for each in range(number):
        await store.record(Delivery(f"quiet-{each}", "star", b"{}", NOW + 1 + each), Change())


async def _planned_to_nothing(store: MemoryStore, guid: str, kind: str, data: dict[str, object]) -> None:
    await stories.received(store, guid, NOW)
    fact = Fact(f"planned {guid}", kind, NOW, delivery=guid, data=data)
    await stories.end(store, planning_job(guid, "pull_request", NOW).id, Done(facts=(fact,)), NOW)
