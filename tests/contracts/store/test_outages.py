"""When the database does not answer: the store says so in time, half-writes nothing, and recovers by itself."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Awaitable
from pathlib import Path

import psutil
import pysqlite3
import pytest

from forgehand.domain.jobs import Change
from forgehand.ports.store import Recorded, Store, StoreUnavailable
from support import postgres
from support.stores import NOW, a_delivery, a_job, enqueue, ids, opened, take

pytestmark = pytest.mark.anyio


async def test_a_store_on_postgres_recovers_from_a_restart(postgres_cluster: postgres.Cluster) -> None:
    async with opened(postgres_cluster.url) as store:
        await store.record(a_delivery("before"), Change(enqueue=(a_job(),)))
        await asyncio.to_thread(postgres_cluster.stop)
        for verb in _verbs(store):
            with pytest.raises(StoreUnavailable):
                await verb
        await asyncio.to_thread(postgres_cluster.start)
        assert await store.record(a_delivery("after"), Change()) is Recorded.NEW
        assert await store.known_guids(["before", "during", "after"]) == {"before", "after"}
        assert ids(await store.claim_due("h1", 60, NOW, 5)) == ["job-1"]


async def test_a_restart_between_two_verbs_is_not_even_noticed(postgres_cluster: postgres.Cluster) -> None:
    async with opened(postgres_cluster.url) as store:
        await enqueue(store, a_job())
        await asyncio.gather(*(store.job("job-1") for _ in range(20)))
        await asyncio.to_thread(postgres_cluster.restart, immediate=True)
        assert await store.record(a_delivery(), Change()) is Recorded.NEW
        jobs = await asyncio.gather(*(store.job("job-1") for _ in range(20)))
        assert jobs == [a_job()] * 20
        assert (await take(store)).attempts == 1


async def test_what_postgres_acknowledged_survives_its_kill(postgres_cluster: postgres.Cluster) -> None:
    async with opened(postgres_cluster.url) as store:
        guids = [f"g{number}" for number in range(200)]
        calls = [asyncio.ensure_future(store.record(a_delivery(guid), Change())) for guid in guids]
        await asyncio.wait(calls[:40])
        await asyncio.to_thread(postgres_cluster.kill)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        acknowledged = [guid for guid, answer in zip(guids, answers, strict=True) if answer is Recorded.NEW]
        assert len(acknowledged) >= 40
        assert all(answer is Recorded.NEW or isinstance(answer, StoreUnavailable) for answer in answers)
        await asyncio.to_thread(postgres_cluster.start)
        assert set(acknowledged) <= await store.known_guids(guids)


async def test_a_frozen_postgres_is_reported_in_time(postgres_cluster: postgres.Cluster) -> None:
    async with opened(postgres_cluster.url, patience=0.3) as store:
        await _recorded_in_the_end(store, "before")
        server = psutil.Process(postgres_cluster.pid())
        frozen = [server, *server.children(recursive=True)]
        for process in frozen:
            _signal(process, signal.SIGSTOP)
        try:
            async with asyncio.timeout(20):
                with pytest.raises(StoreUnavailable, match="took too long"):
                    await store.record(a_delivery("during"), Change())
        finally:
            for process in frozen:
                _signal(process, signal.SIGCONT)
        after = await _recorded_in_the_end(store, "after")
        assert await store.known_guids([after]) == {after}


async def test_a_postgres_that_is_not_there_cannot_be_opened(postgres_cluster: postgres.Cluster) -> None:
    await asyncio.to_thread(postgres_cluster.stop)
    with pytest.raises(StoreUnavailable):
        async with opened(postgres_cluster.url):
            pass


async def test_a_locked_sqlite_is_reported_in_time_and_nothing_is_stored(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'store.db'}", patience=0.2) as store:
        with _other_writer(tmp_path / "store.db"), pytest.raises(StoreUnavailable, match="took too long"):
            await store.record(a_delivery("during"), Change())
        after = await _recorded_in_the_end(store, "after")
        assert await store.known_guids(["during", after]) == {after}


async def test_reads_go_on_while_another_process_writes(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'store.db'}") as store:
        await enqueue(store, a_job())
        with _other_writer(tmp_path / "store.db"):
            assert await store.job("job-1") == a_job()


@pytest.mark.parametrize("limits", [{"queue_rows": 3}, {"queue_bytes": 40_000}])
async def test_a_full_queue_refuses_at_once_and_keeps_what_it_took(tmp_path: Path, limits: dict[str, int]) -> None:
    guids = [f"g{number}" for number in range(20)]
    async with opened(f"sqlite:///{tmp_path / 'store.db'}", patience=30, **limits) as store:
        with _other_writer(tmp_path / "store.db"):
            calls = [asyncio.ensure_future(store.record(a_delivery(g, body=b"x" * 12_000), Change())) for g in guids]
            refused, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        stored = await store.known_guids(guids)
        assert await store.record(a_delivery("later", body=b"x" * 12_000), Change()) is Recorded.NEW
    # Three wait, and the writer has taken none or some of them already.
    assert 3 <= len(stored) <= 6
    assert {guid for guid, answer in zip(guids, answers, strict=True) if answer is Recorded.NEW} == stored
    for call in refused:
        assert isinstance(call.exception(), StoreUnavailable)
        assert "waiting for the database already" in str(call.exception())


async def test_an_old_sqlite_library_is_refused_with_a_remedy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with pytest.raises(StoreUnavailable, match=r"SQLite 3\.40\.1 can corrupt .*pip install 'pysqlite3"):
        async with opened(url, sqlite_library=(3, 40, 1)):
            pass
    with pytest.raises(StoreUnavailable):
        async with opened(url, sqlite_library=(3, 51, 2)):
            pass
    async with opened(url, sqlite_library=(3, 51, 3)) as store:
        assert (await store.check()).startswith("SQLite 3.")


async def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database, but long enough to look at" * 40)
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with opened(f"sqlite:///{tmp_path / 'store.db'}"):
            pass


async def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'new folder' / 'store.db'}") as store:
        await store.record(a_delivery(), Change())
        modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "new folder").iterdir()}
    assert modes == {"store.db": 0, "store.db-wal": 0, "store.db-shm": 0}


def _verbs(store: Store) -> list[Awaitable[object]]:
    return [
        store.record(a_delivery("during"), Change()),
        store.claim("job-1", "h1", 60, NOW),
        store.commit(Change(marks={"m": "1"}), NOW),
        store.jobs(10),
        store.check(),
    ]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    """A backend that ended meanwhile needs none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


async def _recorded_in_the_end(store: Store, name: str) -> str:
    """Record until it is answered; gives the GUID of that. Each try has its own: one given up may be stored later."""
    tries = itertools.count()
    async with asyncio.timeout(60):
        while True:
            guid = f"{name}-{next(tries)}"
            with contextlib.suppress(StoreUnavailable):
                assert await store.record(a_delivery(guid), Change()) is Recorded.NEW
                return guid


class _other_writer:
    """Another connection in the middle of a write transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = pysqlite3.connect(str(path), isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()
