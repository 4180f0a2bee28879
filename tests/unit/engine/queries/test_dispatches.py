"""Dispatches as they stand: the plan, and what targets have come to since."""

from dataclasses import replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.dispatches import Counts, plan_key, write_dispatch
from forgehand.domain.jobs import Change
from forgehand.engine.projector import Projector
from forgehand.engine.queries import dispatch_story, dispatches, targets
from support.dispatches import denied, dispatched

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


async def test_runs_are_listed_newest_first_with_their_targets_as_they_stand(store: MemoryStore) -> None:
    await dispatched(store, NOW)
    await denied(store, NOW + 9)
    await folded(store)
    no, yes = await dispatches(store, 9)
    assert (no.run, no.reason, no.dispatch) == (502, "source_not_default_branch", None)
    assert no.why.startswith("It ended on the branch topic")
    assert (yes.run, yes.repository, yes.workflow, yes.reason) == (501, "acme/widgets", "ci.yml", "")
    assert yes.dispatch is not None
    assert yes.dispatch.counts == Counts(success=1, failed=2, denied=1, open=1)
    assert [each.run for each in await dispatches(store, 9, no.end)] == [501]


async def test_a_later_attempt_takes_the_place_of_the_plan(store: MemoryStore) -> None:
    plan = await dispatched(store, NOW)
    await folded(store)
    again = replace(plan, attempt=2)
    await store.commit(Change(documents={plan_key(plan.run): write_dispatch(again)}), NOW)
    [row] = await dispatches(store, 9)
    assert row.dispatch is None
    story = await dispatch_story(store, plan.run)
    assert story is not None
    assert story.dispatch.attempt == 2


async def test_one_dispatch_tells_what_happened_on_the_way(store: MemoryStore) -> None:
    await dispatched(store, NOW)
    story = await dispatch_story(store, 501)
    assert story is not None
    assert story.facts[0].kind == "dispatch.plan.created"
    assert [each.conclusion for each in story.dispatch.targets] == ["success", "failure", "", "", ""]
    assert await dispatch_story(store, 4711) is None


async def test_targets_count_what_was_started_denied_and_ended(store: MemoryStore) -> None:
    await dispatched(store, NOW)
    await folded(store)
    told = {each.target: (each.started, each.failed, each.denied, each.ended) for each in await targets(store, 9)}
    assert told == {
        "acme/storefront:cd.yml": (1, 0, 0, 1),
        "octo-labs/a-repository-with-quite-a-long-name:cd.yml": (1, 0, 0, 0),
        "acme/payments:cd.yml": (0, 0, 1, 0),
        "acme/legacy:cd.yml": (0, 1, 0, 0),
    }


async def folded(store: MemoryStore) -> None:
    await Projector(store, lambda: NOW, holder="test").once()
