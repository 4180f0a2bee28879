"""What a person may do, as web and command line ask for it: done once, said in a sentence, kept as a fact."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Failed, JobState, Outcome, Refused, Waiting
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.engine.operations import Operations
from forgehand.ports.store import Written
from support import stories
from support.stories import Clock, HintedWakeups

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def wakeups() -> HintedWakeups:
    return HintedWakeups()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def operations(store: MemoryStore, wakeups: HintedWakeups, clock: Clock) -> Operations:
    return Operations(store, wakeups, clock)


async def test_cancelling_ends_an_unfinished_job_once_and_wakes_whoever_waits_for_it(
    operations: Operations, store: MemoryStore, wakeups: HintedWakeups, clock: Clock
) -> None:
    await stories.received(store, "guid", clock.now)
    job = await stories.planned(store, "guid", clock.now)
    assert (await operations.cancel(job.id, "ada")).done
    again = await operations.cancel(job.id, "ada")
    assert (again.done, again.says) == (False, f"Job {job.id[:8]} is cancelled: nothing to cancel.")
    audited = await _audited(store, job=job.id)
    assert [(fact.kind, fact.data["by"], fact.delivery) for fact in audited] == [("admin.cancel", "ada", "guid")]
    assert [look.subject for look in await store.jobs(10) if look.type == "decide"] == [job.subject]
    assert wakeups.hints == 1


async def test_retrying_gives_an_ended_job_all_its_attempts_and_a_hint(
    operations: Operations, store: MemoryStore, wakeups: HintedWakeups, clock: Clock
) -> None:
    job = await stories.dead(store, "guid", clock.now)
    acted = await operations.retry(job.id, "ada")
    assert (acted.done, acted.jobs) == (True, (job.id,))
    assert wakeups.hinted == [job.id]
    refused = await operations.retry(job.id, "ada")
    assert (refused.done, refused.says) == (False, f"Job {job.id[:8]} is pending: nothing to retry.")
    assert len(await _audited(store, job=job.id)) == 1


async def test_what_is_completed_is_not_retried_but_replayed(operations: Operations, store: MemoryStore) -> None:
    job = await stories.reviewed(store, "guid", stories.Clock().now)
    acted = await operations.retry(job.id, "ada")
    assert (acted.done, acted.says) == (
        False,
        f"Job {job.id[:8]} is completed; replay the delivery to run it again.",
    )
    kept = await store.job(job.id)
    assert kept is not None
    assert (kept.state, kept.result is None) == (JobState.COMPLETED, False)


async def test_what_a_newer_job_took_the_place_of_is_not_retried(
    operations: Operations, store: MemoryStore, clock: Clock
) -> None:
    await stories.received(store, "first", clock.now)
    older = await stories.planned(store, "first", clock.now)
    await stories.received(store, "second", clock.now)
    newer = await stories.planned(store, "second", clock.now)
    acted = await operations.retry(older.id, "ada")
    assert not acted.done
    assert f"was superseded by {newer.id}" in acted.says
    await store.cancel(newer.id, "enough", clock.now)
    await stories.received(store, "third", clock.now)
    newest = await stories.planned(store, "third", clock.now)
    declined = await operations.retry(newer.id, "ada")
    assert (declined.done, newest.id[:8] in declined.says) == (False, True)
    assert await _audited(store, job=older.id) == []


@pytest.mark.parametrize("outcome", [Failed("no"), Refused("no"), Waiting("resume")])
async def test_what_did_not_succeed_is_retried(
    operations: Operations, store: MemoryStore, clock: Clock, outcome: Outcome
) -> None:
    await stories.received(store, "guid", clock.now)
    job = await stories.planned(store, "guid", clock.now)
    await stories.end(store, job.id, outcome, clock.now)
    assert (await operations.retry(job.id, "ada")).done


async def test_what_is_not_known_is_said_so(operations: Operations) -> None:
    for acted in (
        await operations.cancel("none", "ada"),
        await operations.retry("none", "ada"),
        await operations.replay("none", "ada"),
        await operations.settle_effect("none", happened=True, by="ada"),
    ):
        assert not acted.done
        assert "none" in acted.says


async def test_a_replay_plans_again_each_time(
    operations: Operations, store: MemoryStore, wakeups: HintedWakeups, clock: Clock
) -> None:
    await stories.reviewed(store, "guid", clock.now)
    first = await operations.replay("guid", "ada")
    clock.now += 1
    second = await operations.replay("guid", "ada")
    assert first.jobs != second.jobs
    assert wakeups.hinted == [*first.jobs, *second.jobs]
    jobs = [await store.job(each) for each in wakeups.hinted]
    assert [(job and job.type, job and job.payload["guid"]) for job in jobs] == [("plan", "guid")] * 2
    assert [fact.kind for fact in await _audited(store, delivery="guid")] == ["admin.replay", "admin.replay"]


async def test_a_replay_while_writes_are_paused_says_that_they_wait(
    operations: Operations, store: MemoryStore, clock: Clock
) -> None:
    await stories.reviewed(store, "guid", clock.now)
    await operations.pause("ada")
    said = (await operations.replay("guid", "ada")).says
    waits = "Writes are paused: what must be written waits until you resume."
    assert said == f"The delivery is planned again. {waits}"


async def test_pausing_twice_keeps_the_first(operations: Operations, store: MemoryStore) -> None:
    assert (await operations.pause("ada", "release day")).done
    second = await operations.pause("bob")
    assert (second.done, second.says) == (False, "Writes are paused already, by ada.")
    pause = await store.paused()
    assert pause is not None
    assert (pause.by, pause.why) == ("ada", "release day")


async def test_resuming_wakes_and_hints_what_waits(
    operations: Operations, store: MemoryStore, wakeups: HintedWakeups, clock: Clock
) -> None:
    await operations.pause("ada")
    await stories.received(store, "guid", clock.now)
    job = await stories.planned(store, "guid", clock.now)
    await stories.end(store, job.id, stories.Waiting("resume"), clock.now)
    acted = await operations.resume("ada")
    assert (acted.done, acted.says, acted.jobs) == (True, "Writes go on; 1 waiting job woken.", (job.id,))
    assert wakeups.hinted == [job.id]
    assert not (await operations.resume("ada")).done


@pytest.mark.parametrize(("happened", "state"), [(True, EffectState.DONE), (False, EffectState.INTENDED)])
async def test_settling_decides_the_effect_and_wakes_the_job_that_waits(
    operations: Operations, store: MemoryStore, wakeups: HintedWakeups, clock: Clock, happened: bool, state: EffectState
) -> None:
    job, entry = await stories.unknown(store, "guid", clock.now)
    acted = await operations.settle_effect(entry.slot, happened=happened, by="ada")
    assert (acted.done, acted.jobs, wakeups.hinted) == (True, (job.id,), [job.id])
    settled = await store.entry(entry.slot)
    assert settled is not None
    assert settled.state is state
    assert "ada" in settled.why
    again = await operations.settle_effect(entry.slot, happened=not happened, by="bob")
    assert (again.done, again.says) == (False, f"The effect is {state} already: nothing to settle.")
    audited = await _audited(store, job=job.id)
    assert [fact.data["verdict"] for fact in audited] == ["it happened" if happened else "do it again"]


async def test_doing_an_effect_again_revives_a_job_that_ended_meanwhile(
    operations: Operations, store: MemoryStore, clock: Clock
) -> None:
    job, entry = await stories.unknown(store, "guid", clock.now)
    await store.cancel(job.id, "enough", clock.now)
    acted = await operations.settle_effect(entry.slot, happened=False, by="ada")
    assert acted.jobs == (job.id,)
    revived = await store.job(job.id)
    assert revived is not None
    assert revived.state is JobState.PENDING


async def test_doing_an_effect_again_revives_no_job_that_a_newer_one_superseded(
    operations: Operations, store: MemoryStore, clock: Clock
) -> None:
    job, entry = await stories.unknown(store, "guid", clock.now)
    await stories.received(store, "newer", clock.now)
    await stories.planned(store, "newer", clock.now, number=9)
    acted = await operations.settle_effect(entry.slot, happened=False, by="ada")
    assert (acted.done, acted.jobs) == (True, ())
    assert "left so" in acted.says
    assert "superseded" in acted.says
    left = await store.job(job.id)
    assert left is not None
    assert left.state is JobState.SUPERSEDED


async def test_an_effect_that_happened_revives_no_ended_job(
    operations: Operations, store: MemoryStore, clock: Clock
) -> None:
    job, entry = await stories.unknown(store, "guid", clock.now)
    await store.cancel(job.id, "enough", clock.now)
    assert (await operations.settle_effect(entry.slot, happened=True, by="ada")).jobs == ()


class _Hasty(MemoryStore):
    """A store where somebody else settles the effect between the look and the write."""

    async def override_entry(self, entry: LedgerEntry, now: float, facts: tuple[Fact, ...] = ()) -> Written:
        await super().override_entry(replace(entry, state=EffectState.DONE), now)
        return await super().override_entry(entry, now, facts)


async def test_two_people_settling_at_once_decide_once(wakeups: HintedWakeups, clock: Clock) -> None:
    store = _Hasty()
    await store.open()
    _, entry = await stories.unknown(store, "guid", clock.now)
    acted = await Operations(store, wakeups, clock).settle_effect(entry.slot, happened=False, by="ada")
    assert (acted.done, acted.says) == (False, "The effect changed in the meantime: look at it again.")
    assert wakeups.hinted == []


async def _audited(store: MemoryStore, *, delivery: str | None = None, job: str | None = None) -> list[Fact]:
    facts = await store.facts_of(delivery=delivery, job=job)
    return [fact for fact in facts if fact.kind.startswith("admin.")]
