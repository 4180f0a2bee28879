"""A raw loop of SQLite FULL commits of the same rows, without HTTP: what the disk allows. Called by `__main__`."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pysqlite3
from bench.intake.payload import EVENT, deliveries
from bench.intake.rows import INSERTS, rows_of
from bench.support import report

from forgehand.adapters.sql import SqlStore
from forgehand.adapters.sql.bodies import packed


@dataclass(frozen=True)
class Raw:
    """`batch` deliveries in each commit; `p99` is of a commit, in milliseconds."""

    batch: int
    rate: float
    p99: float


def make_schema(url: str) -> None:
    """Our schema, indexes and page size, and nothing in it."""

    async def make() -> None:
        store = SqlStore(url)
        await store.open()
        await store.close()

    asyncio.run(make())


def measure(folder: Path, batch: int, seconds: float) -> Raw:
    bodies = [packed(each.body) for each in deliveries()]
    with TemporaryDirectory(dir=folder) as own:
        path = Path(own) / "raw.db"
        make_schema(f"sqlite:///{path}")
        connection = pysqlite3.connect(str(path), isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=512")
        stored, commits = 0, []
        start = now = time.monotonic()
        while now < start + seconds:
            numbers = range(stored, stored + batch)
            rows = [rows_of(_guid(at), EVENT, bodies[at % len(bodies)], time.time()) for at in numbers]
            connection.execute("BEGIN IMMEDIATE")
            for table, insert in enumerate(INSERTS):
                connection.executemany(insert, [each[table] for each in rows])
            connection.execute("COMMIT")
            stored += batch
            before, now = now, time.monotonic()
            commits.append((now - before) * 1000)
        connection.close()
    return Raw(batch, stored / (now - start), report.percentile(commits, 0.99))


def _guid(number: int) -> str:
    """As GitHub's, and as `load.lua` makes them."""
    return f"{number * 2000 % 4294967296:08x}-0000-11ef-8000-{number:012x}"
