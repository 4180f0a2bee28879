"""Any sequence of verbs gives on SQLite and PostgreSQL what it gives in memory: answers, rows and facts."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pysqlite3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.sql.schema import metadata
from forgehand.domain.jobs import Change, Done, Failed, Job, Outcome, Refused, Retry, Waiting, settle
from forgehand.domain.pulls import PullStage
from forgehand.ports.store import Fence, Store
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, an_entry, make_store

JOBS = st.sampled_from(["a", "b", "c", "d", "e"])
HOLDERS = st.sampled_from(["h1", "h2"])
SLOTS = st.sampled_from(["s1", "s2"])
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Done, st.just({"n": 1})),
    st.builds(Refused, st.just("no")),
    st.builds(Failed, st.just("broken")),
    st.builds(Retry, st.just("later"), st.sampled_from([0.0, 30.0])),
    st.builds(Waiting, st.sampled_from(["approval", "resume"])),
)
NEW_JOBS = st.builds(
    a_job,
    JOBS,
    lane=st.sampled_from(["", "L", "M"]),
    key=st.sampled_from(["", "K"]),
    priority=st.integers(0, 9),
    max_attempts=st.integers(1, 3),
    run_at=st.sampled_from([0.0, NOW, NOW + 40]),
)
STEPS = st.one_of(
    st.tuples(st.just("later"), st.sampled_from([1.0, 20.0, 100.0])),
    st.tuples(st.just("enqueue"), st.lists(NEW_JOBS, max_size=3)),
    st.tuples(st.just("record"), st.sampled_from(["g1", "g2"]), st.lists(NEW_JOBS, max_size=2)),
    st.tuples(st.just("leave"), st.sampled_from(["d1", "d2"]), st.integers(0, 2), st.sampled_from(PullStage)),
    st.tuples(st.just("claim"), JOBS, HOLDERS),
    st.tuples(st.just("claim_due"), HOLDERS, st.integers(1, 3)),
    st.tuples(st.just("renew"), st.integers(0, 9)),
    st.tuples(st.just("settle"), st.integers(0, 9), OUTCOMES, st.lists(NEW_JOBS, max_size=1)),
    st.tuples(st.just("write"), st.integers(0, 9), SLOTS, st.integers(0, 2), st.sampled_from([0.0, 30.0])),
    st.tuples(st.just("override"), SLOTS, st.integers(0, 2)),
    st.tuples(st.just("reclaim"), st.sampled_from([0.0, 30.0])),
    st.tuples(st.just("release"), HOLDERS),
    st.tuples(st.just("cancel"), JOBS),
    st.tuples(st.just("retry"), JOBS),
    st.tuples(st.just("wake"), st.just("approval")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("forget"), st.sampled_from([0.0, 30.0]), st.sampled_from([1, 100])),
)


@dataclass
class Play:
    """One store as the steps go by: the clock, and every claim it ever gave."""

    store: Store
    now: float = NOW
    claims: list[Job] = field(default_factory=list)

    async def step(self, verb: str, *arguments: Any) -> object:
        answer: object = await getattr(self, f"_{verb}")(*arguments)
        return answer

    async def look(self) -> object:
        """Everything that can be read."""
        jobs = await self.store.jobs(100)
        return (
            jobs,
            [await self.store.facts_of(job=job.id) for job in jobs],
            await self.store.entries(10),
            await self.store.deliveries(10),
            [await self.store.next_due(after=after) for after in (0.0, self.now)],
            await self.store.holders(),
            [await self.store.document(key) for key in ("d1", "d2")],
            await self.store.pulls(10, still_open=True),
            await self.store.pulls(10, still_open=False),
        )

    async def _later(self, seconds: float) -> None:
        self.now += seconds

    async def _enqueue(self, jobs: list[Job]) -> None:
        await self.store.commit(Change(enqueue=tuple(jobs), facts=(a_fact(f"at {self.now}"),)), self.now)

    async def _record(self, guid: str, jobs: list[Job]) -> object:
        return await self.store.record(a_delivery(guid, at=self.now), Change(enqueue=tuple(jobs)))

    async def _leave(self, key: str, generation: int, stage: PullStage) -> None:
        pull = a_pull(generation=generation, state=stage, at=self.now)
        await self.store.commit(Change(documents={key: f'"{self.now}"'}, pulls=(pull,)), self.now)

    async def _claim(self, job_id: str, holder: str) -> object:
        got = await self.store.claim(job_id, holder, 50, self.now)
        self.claims += [got] if isinstance(got, Job) else []
        return got

    async def _claim_due(self, holder: str, limit: int) -> object:
        got = await self.store.claim_due(holder, 50, self.now, limit)
        self.claims += got
        return got

    async def _renew(self, which: int) -> object:
        held = self._claimed(which)
        return held and await self.store.renew(Fence(held.id, held.fence), 50, self.now)

    async def _settle(self, which: int, outcome: Outcome, follow_up: list[Job]) -> object:
        held = self._claimed(which)
        if held is None:
            return None
        change = replace(settle(held, outcome, self.now, 0.5), enqueue=tuple(follow_up))
        return await self.store.settle(change, Fence(held.id, held.fence), self.now)

    async def _write(self, which: int, slot: str, version: int, beyond: float) -> object:
        held = self._claimed(which)
        entry = an_entry(slot, version=version)
        return held and await self.store.write_entry(
            entry, Fence(held.id, held.fence), self.now, lease_beyond=beyond, facts=(a_fact(f"{slot} {version}"),)
        )

    async def _override(self, slot: str, version: int) -> object:
        return await self.store.override_entry(an_entry(slot, version=version), self.now)

    async def _reclaim(self, grace: float) -> object:
        return await self.store.reclaim(self.now, grace)

    async def _release(self, holder: str) -> object:
        return await self.store.release(holder, self.now)

    async def _cancel(self, job_id: str) -> object:
        return await self.store.cancel(job_id, "no longer", self.now)

    async def _retry(self, job_id: str) -> object:
        return await self.store.retry(job_id, self.now)

    async def _wake(self, waiting_for: str) -> object:
        return await self.store.wake(waiting_for, self.now)

    async def _resume(self) -> object:
        return await self.store.resume(self.now)

    async def _forget(self, age: float, most: int) -> object:
        return await self.store.forget(self.now - age, self.now, most)

    def _claimed(self, which: int) -> Job | None:
        return self.claims[which % len(self.claims)] if self.claims else None


@pytest.fixture
def sql_store(sql_url: str) -> Iterator[tuple[Store, str]]:
    store = make_store(sql_url)
    asyncio.run(store.open())
    yield store, sql_url
    asyncio.run(store.close())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
def test_sql_answers_as_memory_does(sql_store: tuple[Store, str], steps: list[tuple[Any, ...]]) -> None:
    store, url = sql_store
    _empty(url)
    asyncio.run(_compare(store, steps))


async def _compare(store: Store, steps: list[tuple[Any, ...]]) -> None:
    memory = MemoryStore()
    await memory.open()
    plain, real = Play(memory), Play(store)
    for step in steps:
        assert await real.step(*step) == await plain.step(*step), step
    assert await real.look() == await plain.look()


def _empty(url: str) -> None:
    if url.startswith("sqlite"):
        engine = create_engine(url, module=pysqlite3)
    else:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as conn:
        for table in metadata.sorted_tables:
            conn.execute(table.delete())
    engine.dispose()
