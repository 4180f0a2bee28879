"""The schema: migrations and tables say the same, one process migrates at a time, and every read is an index range."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

from forgehand.adapters.sql import migrate
from forgehand.adapters.sql.postgres import _MIGRATION_LOCK
from forgehand.adapters.sql.rows import JOB_COLUMNS, LEDGER_COLUMNS, job_row, ledger_row
from forgehand.adapters.sql.schema import metadata
from forgehand.domain.jobs import Change, JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.paging import Last
from forgehand.domain.projections import Projection
from forgehand.ports.store import Fence, Store, StoreUnavailable
from support.statements import statements
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, an_entry, enqueue, finish, make_store, opened, take

pytestmark = pytest.mark.anyio


async def test_the_migrations_make_the_tables_that_the_verbs_expect(sql_url: str) -> None:
    async with opened(sql_url):
        pass
    with _connected(sql_url) as conn:
        differences = compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)
    assert differences == []


def test_the_newest_migration_is_the_one_that_an_open_looks_for() -> None:
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_heads() == [migrate.HEAD]


def test_rows_are_in_the_order_of_their_columns() -> None:
    job = dict(zip(JOB_COLUMNS, job_row(a_job(key="K", lane="L", correlation="C", delivery="D")), strict=True))
    assert (job["id"], job["key"], job["lane"], job["correlation"], job["delivery"]) == ("job-1", "K", "L", "C", "D")
    entry = dict(zip(LEDGER_COLUMNS, ledger_row(an_entry(why="because"), NOW), strict=True))
    assert (entry["slot"], entry["job"], entry["why"], entry["updated_at"]) == ("slot-1", "job-1", "because", NOW)


async def test_processes_that_open_an_empty_database_at_once_all_succeed(sql_url: str) -> None:
    stores = [make_store(sql_url) for _ in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    await enqueue(stores[0], a_job())
    assert [await store.job("job-1") for store in stores] == [a_job()] * 5
    for store in stores:
        await store.close()


async def test_an_upgrade_has_all_the_time_it_needs_and_what_comes_after_has_limits(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    upgrade = migrate.upgrade

    def watched(conn: Connection) -> None:
        upgrade(conn)
        seen.append(_limits(conn))

    monkeypatch.setattr(migrate, "upgrade", watched)
    async with opened(postgres_url):
        pass
    known = migrate.up_to_date
    monkeypatch.setattr(migrate, "up_to_date", lambda conn: seen.append(_limits(conn)) or known(conn))
    async with opened(postgres_url):
        pass
    assert seen == [["0", "0", "0"], ["30s", "8s", "10s"]]


async def test_who_opens_during_a_long_upgrade_waits_for_its_end(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as upgrading:
        upgrading.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            store = make_store(f"{postgres_url}?options=-clock_timeout%3D50ms")
            opening = tasks.create_task(store.open())
            while not upgrading.execute(_WAITED_LONG).fetchone():
                assert not opening.done()
                await asyncio.sleep(0.02)
            upgrading.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    await enqueue(store, a_job())
    await store.close()


async def test_what_the_address_says_of_its_connections_counts(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("CREATE SCHEMA apart")
        async with opened(f"{postgres_url}?options=-csearch_path%3Dapart&application_name=ours") as store:
            await enqueue(store, a_job())
            assert other.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'ours'").fetchone()
        assert other.execute("SELECT id FROM apart.jobs").fetchall() == [("job-1",)]
        assert other.execute("SELECT to_regclass('public.jobs')").fetchone() == (None,)


async def test_what_an_older_store_remembers_is_kept_by_its_upgrade(
    sql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrate, "HEAD", "0005")
        async with opened(sql_url):
            pass
    marks = {"own:22:pull/7": "1:abc", "tips:22": "{}"}
    with _connected(sql_url) as conn:
        for key, value in marks.items():
            conn.execute(text("INSERT INTO marks (key, value) VALUES (:key, :value)"), {"key": key, "value": value})
        conn.commit()
    async with opened(sql_url) as store:
        assert await store.forget(time.time() - 60, NOW, 9) == 0
        assert {key: await store.mark(key) for key in marks} == marks


async def test_a_database_of_a_newer_version_is_refused_with_a_remedy(sql_url: str) -> None:
    async with opened(sql_url):
        pass
    with _connected(sql_url) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()
    with pytest.raises(StoreUnavailable, match="run the newer version"):
        async with opened(sql_url):
            pass


async def test_no_verb_scans_a_table_or_sorts(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(f"sqlite:///{path}") as store:
        with statements() as asked:
            await _use_every_verb(store)
    connection = pysqlite3.connect(str(path))
    slow = {
        sql: plan
        for sql, parameters in asked.items()
        if not any(few in sql for few in _FEW)
        and (plan := _plan(connection, sql, parameters))
        and any(map(_is_slow, plan))
    }
    assert slow == {}
    assert len(asked) > 40
    for hottest in ("INSERT INTO deliveries", "INSERT INTO jobs", "SELECT guid FROM deliveries WHERE guid IN"):
        assert any(sql.startswith(hottest) for sql in asked)


async def _use_every_verb(store: Store) -> None:
    await store.record(a_delivery(), Change(enqueue=(a_job(delivery="guid-1", lane="L", key="K"),), marks={"m": "1"}))
    await store.record(a_delivery(), Change())
    await store.delivery("guid-1")
    await store.known_guids(["guid-1"])
    await enqueue(store, a_job("b", lane="L", revision="abc"), a_job("c"), a_job("d"))
    for job in await store.claim_due("h1", 60, NOW, 2):
        await store.renew(Fence(job.id, job.fence), 60, NOW)
        await store.write_entry(an_entry(job=job.id), Fence(job.id, job.fence), NOW, facts=(a_fact(job=job.id),))
        await store.settle(Change(job=job), Fence(job.id, job.fence), NOW)
        await finish(store, job)
    await take(store, "d")
    await store.reclaim(NOW + 100, 0)
    await take(store, "d")
    await store.release("h1", NOW)
    await store.cancel("d", "no", NOW)
    await store.retry("d", NOW)
    await store.wake("approval", NOW)
    await store.resume(NOW)
    await store.paused()
    await store.mark("m")
    await store.move_marks({"m": "1"}, {"m": "2", "n": "1"}, NOW)
    await store.override_entry(an_entry("s2"), NOW)
    await store.override_entry(an_entry("s2", version=1), NOW)
    await store.put_secret("s", b"", NOW)
    await store.commit(Change(documents={"config:22": "{}"}, pulls=(a_pull(),)), NOW)
    await _fold_everything(store)
    await enqueue(store, a_job("old", at=NOW - 900, lane="old", state=JobState.COMPLETED, ended_at=NOW - 900))
    await store.override_entry(an_entry("s3", job="gone", subject="run/501", state=EffectState.DONE), NOW - 900)
    await store.forget(NOW - 100, NOW, 5)
    await _read_everything(store)


async def _fold_everything(store: Store) -> None:
    lead = await store.lead("h1", 10, NOW)
    assert lead is not None
    facts = [each.number for each in await store.unfolded(2)]
    await store.fold([Projection("totals", "all", NOW, "{}")], facts, lead, NOW + 10)
    await store.projections_named([("totals", "all")])
    edition = await store.begin_edition(lead, NOW + 10)
    assert edition is not None
    await store.folded(0, 5)
    await store.edition_page(("", ""), 5)
    await store.draft([], edition, lead, NOW + 10)
    await store.publish(edition, lead)
    await store.drop_editions(5)


async def _read_everything(store: Store) -> None:
    await store.get_secret("s", NOW)
    await store.entry("s2")
    await store.holders()
    await store.next_due(after=NOW)
    await store.latest_job("reviewer:22:pull/7")
    await store.deliveries(5, Last(NOW))
    await store.jobs(5, before=Last(NOW))
    await store.jobs(5, JobState.PENDING, Last(NOW))
    await store.jobs_of("guid-1")
    await store.entries(5, before=Last(NOW))
    await store.entries(5, EffectState.DONE, Last(NOW))
    await store.entries_of("job-1")
    await store.entries_of_jobs(["job-1", "b"])
    await store.facts_of(delivery="guid-1")
    await store.facts_of(job="job-1")
    await store.document("config:22")
    await store.pull(22, 7)
    await store.pulls(5, still_open=True, before=Last(NOW))
    await store.pulls(5, still_open=False, repository_id=22)
    await store.queued(5)
    await store.jobs_about(22, "pull/7", 5)
    await store.latest_change()


def _plan(connection: Any, sql: str, parameters: Any) -> list[str]:
    if sql.startswith(("PRAGMA", "BEGIN")):
        return []
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def _is_slow(step: str) -> bool:
    """A whole table or index is read, or rows are sorted. What the statement brings itself is no table."""
    brought = "VALUES CLAUSE" in step or "VIRTUAL TABLE" in step or step == "SCAN given"
    return "TEMP B-TREE" in step or (step.startswith("SCAN") and not brought)


_FEW = ("AS levels", "WHERE state IN ('claimed', 'running')", "FROM secrets WHERE expires_at", "AS oldest")
"""The ten priorities, those who are held at the moment, the tokens of the last hour, and as many of the oldest rows as
were asked for: history does not make them more."""


_WAITED_LONG = (
    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
    " AND clock_timestamp() - query_start > interval '300 milliseconds'"
)
"""A waiter of the lock, for longer than the lock's time limit in its address."""


def _limits(conn: Connection) -> list[str]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return [conn.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    if url.startswith("sqlite"):
        engine = create_engine(url, module=pysqlite3)
    else:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as conn:
        yield conn
    engine.dispose()
