"""What a page reads costs the same however long the history: a key or one index range, no aggregate, scan or sort.

Every route of the admin port is opened, with each parameter that it takes, and what the command line asks besides is
asked too. Then the database says of each statement how it would do it. A new page is covered by being there.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pysqlite3
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from forgehand.domain.jobs import Change, Failed
from forgehand.domain.paging import Last
from forgehand.domain.pulls import Standing
from forgehand.engine import queries
from forgehand.engine.projector import Projector
from forgehand.ports.store import Store
from forgehand.web.admin.app import build_admin, sign_in_path
from support.dashboard import ORIGIN
from support.dispatches import dispatched
from support.statements import statements
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, an_entry, finish, opened, take
from support.stories import HintedWakeups

pytestmark = pytest.mark.anyio

AGGREGATE = re.compile(
    r"\b(count|sum|avg|min|max|group_concat|string_agg)\s*\(|\bGROUP BY\b|\bDISTINCT\b", re.IGNORECASE
)
BOUNDED = ("AS levels", "pg_snapshot_xip", "sqlite_version()", "SHOW server_version")
"""The ten priorities of due jobs, each by the first entry of its index; PostgreSQL's running transactions; and which
version answers."""

KNOWN = {
    "guid": "guid-1",
    "id": "job-1",
    "slot": "slot-1",
    "repository": "22",
    "number": "7",
    "worker": "reviewer",
    "run": "501",
}
"""What stands in the paths of pages here."""
ALSO = {
    "/admin": ("show=1w",),
    "/admin/workers/{worker}": ("show=12h",),
    "/admin/repositories/{repository}": ("show=1w",),
    "/admin/search": ("q=acme", "q=acme/rocket%237", "q=guid", "q=job-1"),
}
"""Parameters that a page takes and no JSON route has: by path, `name=value`."""
NO_READS = {"/admin/sign-in", "/admin/events"}

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
        named = a_fact("named", repository_id=22, data={"repository": "acme/rocket"})
        change = Change(enqueue=(a_job(delivery="guid-1", lane="L"),), pulls=(queued,), facts=(named,))
        await store.record(a_delivery(), change)
        await finish(store, await take(store), Failed("no such branch"))
        await store.override_entry(an_entry(), NOW, facts=(a_fact(job="job-1", delivery="guid-1", repository_id=22),))
        await dispatched(store, NOW)
        await Projector(store, lambda: NOW, holder="test").once()
        await store.commit(Change(facts=(a_fact("not folded"),)), NOW)
        app = build_admin(store, HintedWakeups(), version="0", clock=lambda: NOW)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as visitor:
            token = sign_in_path(app).partition("token=")[2]
            assert (await visitor.post("/admin/sign-in", data={"token": token})).status_code == 303
            with statements() as asked:
                await _open_every_route(app, visitor)
                await _read_what_the_command_line_may(store)
        yield {statement: parameters for statement, parameters in asked.items() if not _bounded(statement)}


async def _open_every_route(app: Starlette, visitor: httpx2.AsyncClient) -> None:
    """Each answers, so that everything which it asks for was asked."""
    document = (await visitor.get("/admin/api/openapi.json")).json()
    taken = {path: tuple(_parameters(item["get"]["parameters"])) for path, item in document["paths"].items()}
    for route in app.routes:
        if isinstance(route, Route) and "GET" in (route.methods or ()) and route.path not in NO_READS:
            twin = route.path.replace("/admin/", "/admin/api/")
            for query in ("", *taken.get(route.path, ()), *taken.get(twin, ()), *ALSO.get(route.path, ())):
                where = f"{_filled(route.path)}?{query}"
                answer = await visitor.get(where)
                assert answer.status_code in (200, 303), f"{where}: {answer.text}"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    """Each value that a query parameter may have, or one; a page in the middle also of what is filtered."""
    own = [each for each in parameters if each["in"] == "query"]
    paged = f"&before={NOW}~x" if "before" in {each["name"] for each in own} else ""
    for each in own:
        for value in each["schema"].get("enum") or [KNOWN.get(each["name"], NOW if each["name"] == "before" else "9")]:
            yield f"{each['name']}={value}"
            if each["name"] != "before":
                yield f"{each['name']}={value}{paged}"


def _filled(path: str) -> str:
    for name, value in KNOWN.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"{path}: say in KNOWN what stands in its place"
    return path


async def _read_what_the_command_line_may(store: Store) -> None:
    await queries.reviewed(store, "acme/rocket")
    await queries.reviewed(store, "acme/unheard-of")
    await store.latest_job("L")
    await store.mark("m")
    for scope in ("all", "workers/review", "repositories/22"):
        await queries.windows(store, 900, 9, scope=scope, before=Last(NOW), since=NOW - 9000)
    await queries.targets(store, 9, before=Last(NOW))
    await queries.failures(store, 9, before=Last(NOW))
    await queries.repositories(store, 9, before=Last(NOW))
    await store.entries_like("slot", 9)


def _bounded(statement: str) -> bool:
    return any(each in statement for each in BOUNDED)


def _scans(step: str) -> bool:
    """A whole table or index is read. What the statement brings itself, and the first of the outbox, is neither."""
    return step.startswith("SCAN") and not step.startswith(("SCAN oldest", "SCAN outbox", "SCAN keys"))
