"""What machines ask the admin port."""

import pytest

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
