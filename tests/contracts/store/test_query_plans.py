"""What a page reads costs the same however long the history: a key or one index range, no aggregate, scan or sort.

Everything that the admin pages and the command line ask is asked here, and the database is asked how it would do it.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
import pytest

from forgehand.domain.jobs import Change, Failed, JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.paging import Last
from forgehand.domain.pulls import Standing
from forgehand.engine import queries
from forgehand.engine.projector import Projector
from forgehand.ports.store import Store
from support.statements import statements
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, an_entry, finish, opened, take

pytestmark = pytest.mark.anyio

AGGREGATE = re.compile(
    r"\b(count|sum|avg|min|max|group_concat|string_agg)\s*\(|\bGROUP BY\b|\bDISTINCT\b", re.IGNORECASE
)
BOUNDED = ("AS levels", "pg_snapshot_xip")
"""The ten priorities of due jobs, each by the first entry of its index; and PostgreSQL's running transactions."""

SLOW = {
    "SELECT id FROM facts WHERE kind = 'job.failed'": (),
    "SELECT slot FROM ledger WHERE slot > '' ORDER BY summary": (),
    "SELECT count(*) FROM jobs WHERE state = 'pending'": (),
}
"""What must be found, or nothing ever would be."""


async def test_no_page_makes_sqlite_scan_sort_or_aggregate(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with _history(f"sqlite:///{path}") as asked:
        pass
    connection = pysqlite3.connect(str(path))
    plans = {
        statement: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        for statement, parameters in {**asked, **SLOW}.items()
    }
    connection.close()
    slow = {
        statement: plan
        for statement, plan in plans.items()
        if AGGREGATE.search(statement) or any("TEMP B-TREE" in step or _scans(step) for step in plan)
    }
    assert set(slow) == set(SLOW), {each: slow[each] for each in slow if each not in SLOW}
    assert len(plans) >= 20 + len(SLOW)


async def test_no_page_makes_postgres_scan_sort_or_aggregate(postgres_url: str) -> None:
    async with _history(postgres_url) as asked:
        pass
    with psycopg.connect(postgres_url) as connection:
        # Tables are small here: what is dear for the planner is chosen only where no index would do.
        for way in ("seqscan", "sort", "incremental_sort", "bitmapscan", "hashjoin", "mergejoin"):
            connection.execute(f"SET enable_{way} = off")
        plans = {
            statement: [row[0] for row in connection.execute(f"EXPLAIN {statement}", parameters)]  # type: ignore[arg-type]
            for statement, parameters in {**asked, **SLOW}.items()
        }
    slow = {
        statement: plan
        for statement, plan in plans.items()
        if AGGREGATE.search(statement)
        or any(way in step for step in plan for way in ("Seq Scan on", "Sort  ", "Aggregate  ", "Unique  "))
    }
    assert set(slow) == set(SLOW), {each: slow[each] for each in slow if each not in SLOW}
    assert len(plans) >= 20 + len(SLOW)


@asynccontextmanager
async def _history(url: str) -> AsyncIterator[dict[str, Any]]:
    """A store in which a little of everything happened, and all that pages then asked of it."""
    async with opened(url) as store:
        queued = a_pull(standing=Standing.QUEUED, position=1)
        await store.record(a_delivery(), Change(enqueue=(a_job(delivery="guid-1", lane="L"),), pulls=(queued,)))
        await finish(store, await take(store), Failed("no such branch"))
        await store.override_entry(an_entry(), NOW, facts=(a_fact(job="job-1", delivery="guid-1", repository_id=22),))
        await Projector(store, lambda: NOW, holder="test").once()
        await store.commit(Change(facts=(a_fact("not folded"),)), NOW)
        with statements() as asked:
            await _show_every_page(store)
            await _read_all_that_pages_may(store)
        yield {statement: parameters for statement, parameters in asked.items() if not _bounded(statement)}


async def _show_every_page(store: Store) -> None:
    await queries.overview(store, NOW)
    for scope in ("all", "workers/review", "repositories/22"):
        await queries.windows(store, 900, 9, scope=scope, before=Last(NOW))
    await queries.workers(store, 9)
    await queries.repositories(store, 9, before=Last(NOW))
    await queries.repository(store, 22)
    await queries.targets(store, 9)
    await queries.failures(store, 9)
    assert await queries.recent_journeys(store, 9)
    assert await queries.journey(store, "guid-1")
    assert await queries.job_story(store, "job-1")
    assert await queries.pull_story(store, 22, 7)
    assert await queries.merge_queues(store)


async def _read_all_that_pages_may(store: Store) -> None:
    await store.paused()
    await store.latest_change()
    await store.next_due(NOW)
    await store.latest_job("L")
    await store.document("verdict:22:7")
    await store.mark("m")
    for state in (None, JobState.DEAD_LETTER):
        await store.jobs(9, state, Last(NOW))
    for effect in (None, EffectState.UNKNOWN):
        await store.entries(9, effect, Last(NOW))
    await store.entry("slot-1")
    await store.pull(22, 7)
    for still_open in (True, False):
        await store.pulls(9, still_open=still_open, before=Last(NOW))
        await store.pulls(9, still_open=still_open, before=Last(NOW), repository_id=22)


def _bounded(statement: str) -> bool:
    return any(each in statement for each in BOUNDED)


def _scans(step: str) -> bool:
    """A whole table or index is read. What the statement brings itself, and the first of the outbox, is neither."""
    return step.startswith("SCAN") and not step.startswith(("SCAN oldest", "SCAN outbox", "SCAN keys"))
