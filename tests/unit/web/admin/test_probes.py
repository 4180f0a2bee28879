"""What machines ask the admin port."""

from dataclasses import replace

import pytest

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change
from forgehand.engine.projector import Projector
from forgehand.ports.store import Pause
from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_alive_and_ready_and_which_version(locked: Dashboard) -> None:
    assert (await locked.client.get("/health")).json() == {"status": "ok"}
    assert (await locked.client.get("/ready")).json() == {"status": "ready"}
    assert (await locked.client.get("/version")).json() == {"name": "forgehand", "version": "1.2.3"}


async def test_not_ready_while_the_store_is_down_but_alive(locked: Dashboard) -> None:
    await locked.store.close()
    answer = await locked.client.get("/ready")
    assert answer.status_code == 503
    assert "closed" not in answer.text
    assert (await locked.client.get("/health")).status_code == 200


async def test_metrics_tell_pause_lag_and_store(dashboard: Dashboard) -> None:
    await stories.received(dashboard.store, "guid", dashboard.clock.now - 90)
    await dashboard.store.pause(Pause("me", "", dashboard.clock.now))
    text = (await dashboard.client.get("/metrics")).text
    for line in (
        'forgehand_build_info{version="1.2.3"} 1.0',
        "forgehand_paused 1.0",
        "forgehand_oldest_due_job_seconds 90.0",
        "forgehand_store_up 1.0",
    ):
        assert line in text
    await dashboard.store.close()
    assert "forgehand_store_up 0.0" in (await dashboard.client.get("/metrics")).text


async def test_metrics_tell_what_happened_as_it_was_folded_and_count_nothing_themselves(dashboard: Dashboard) -> None:
    now = dashboard.clock()
    ended = Fact("1", "job.completed", now - 900, "g", "j", 22, {"worker": "review", "age": 4.0, "made": {"review": 2}})
    await dashboard.store.commit(Change(facts=(ended, replace(ended, id="2", kind="pull.merged", data={}))), now)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    await dashboard.store.commit(Change(facts=(replace(ended, id="3"),)), now)
    text = (await dashboard.client.get("/metrics")).text
    for line in (
        'forgehand_facts_total{kind="job.completed"} 1.0',
        'forgehand_facts_total{kind="pull.merged"} 1.0',
        'forgehand_standing{what="under_way"} 1.0',
        'forgehand_worker_jobs_total{end="completed",worker="review"} 1.0',
        'forgehand_success_ratio{window="900"} 1.0',
        "forgehand_projection_lag_seconds 900.0",
    ):
        assert line in text
    assert 'forgehand_job_seconds{quantile="0.95",window="900"}' in text
