"""Work that no delivery led to: pages say what did, and none of their links leads nowhere."""

import re
from dataclasses import replace
from html import unescape

import pytest

from forgehand.domain.dispatches import plan_key, write_dispatch
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Failed, Job, Retry, Waiting, job_id, made_known
from forgehand.domain.ledger import EffectState
from forgehand.engine.projector import Projector
from support import stories
from support.dashboard import Dashboard
from support.dispatches import dispatched

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("name", "words"), [("poll", "found by the poll"), ("asked", "asked for by hand")])
async def test_pages_say_what_led_to_it_and_every_link_leads_somewhere(
    dashboard: Dashboard, name: str, words: str
) -> None:
    store, now = dashboard.store, dashboard.clock.now
    failed, dead, waiting = [await _made(dashboard, f"{name}:42:{number}", number) for number in (7, 8, 9)]
    await stories.end(store, failed.id, Failed("It may not."), now)
    for _ in range(dead.max_attempts):
        await stories.end(store, dead.id, Retry("GitHub answered 502"), now)
    held = await stories.claimed(store, waiting.id, now)
    entry = await stories.effect(store, held, stories.review(9), EffectState.UNKNOWN, now, why="Nobody knows.")
    await stories.end(store, waiting.id, Waiting(f"effect:{entry.slot}", "Nobody knows."), now)
    await _dispatches(dashboard, failed)
    await Projector(store, dashboard.clock, holder="test").once()

    for path in (
        f"/admin/jobs/{failed.id}",
        f"/admin/effects/{entry.slot}",
        "/admin/audit/writes",
        "/admin/dead-letters",
        "/admin/failures",
        "/admin/dispatches/501",
    ):
        assert words in await dashboard.page(path), path
        await _followed(dashboard, path)
    await _followed(dashboard, "/admin/dispatches")
    assert f'href="/admin/jobs/{failed.id}">ci.yml' in await dashboard.page("/admin/dispatches")


async def test_what_a_delivery_led_to_leads_to_it(dashboard: Dashboard) -> None:
    job = await stories.failed(dashboard.store, "guid-1", dashboard.clock.now)
    await _followed(dashboard, f"/admin/jobs/{job.id}")
    assert 'href="/admin/deliveries/guid-1"' in await dashboard.page(f"/admin/jobs/{job.id}")


async def _made(dashboard: Dashboard, delivery: str, number: int) -> Job:
    """A review that no delivery led to."""
    repo, now = stories.REPO, dashboard.clock.now
    about = ("review", "review", repo.installation, repo.id, repo.full_name, f"pull/{number}", now)
    job = Job(job_id(delivery), *about, run_at=now, max_attempts=3, delivery=delivery, correlation=delivery)
    await dashboard.store.commit(Change(enqueue=(job,), facts=made_known((), (job,))), now)
    return job


async def _dispatches(dashboard: Dashboard, job: Job) -> None:
    """One that was planned, and one that was denied as a whole."""
    plan = await dispatched(dashboard.store, dashboard.clock.now)
    about = {"run": 502, "attempt": 1, "from": plan.repository, "workflow": "ci.yml"}
    data = {**about, "reason": "source_fork", "why": "No."}
    denied = Fact("denied", "dispatch.request.denied", dashboard.clock.now, job.delivery, job.id, data=data)
    documents = {plan_key(plan.run): write_dispatch(replace(plan, delivery=job.delivery or ""))}
    await dashboard.store.commit(Change(facts=(denied,), documents=documents), dashboard.clock.now)


async def _followed(dashboard: Dashboard, path: str) -> None:
    text = await dashboard.page(path)
    for link in set(re.findall(r'href="(/admin/(?:deliveries|jobs|effects|dispatches)/[^"]*)"', text)):
        await dashboard.page(unescape(link))
