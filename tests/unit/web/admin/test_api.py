"""The same rows as JSON."""

import pytest

from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_a_delivery_gives_its_whole_journey(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, "guid", dashboard.clock.now)
    journey = (await dashboard.client.get("/admin/api/deliveries/guid")).json()
    assert (journey["guid"], journey["repository"], journey["action"]) == ("guid", "acme/widgets", "opened")
    assert journey["planned"][0]["missed"] == {"deployment": "it waits for push, not pull_request"}
    assert [each["id"] for each in journey["jobs"]] == [job.id]
    assert {each["exactness"] for each in journey["jobs"][0]["effects"]} == {
        "once, unless a worker freezes just before it sends"
    }
    assert journey["facts"][0]["kind"] == "delivery.received"


async def test_lists_come_newest_first_and_without_bodies(dashboard: Dashboard) -> None:
    for number in range(3):
        await stories.received(dashboard.store, f"guid-{number}", dashboard.clock.now + number)
    rows = (await dashboard.client.get("/admin/api/deliveries?limit=2")).json()["deliveries"]
    assert [row["guid"] for row in rows] == ["guid-2", "guid-1"]
    assert "body" not in rows[0]
    older = f"/admin/api/deliveries?before={rows[-1]['received_at']}"
    assert [row["guid"] for row in (await dashboard.client.get(older)).json()["deliveries"]] == ["guid-0"]


async def test_jobs_and_effects_are_filtered_by_state(dashboard: Dashboard) -> None:
    job, entry = await stories.unknown(dashboard.store, "guid", dashboard.clock.now)
    jobs = (await dashboard.client.get("/admin/api/jobs?state=waiting")).json()["jobs"]
    effects = (await dashboard.client.get("/admin/api/effects?state=unknown")).json()["effects"]
    assert [each["id"] for each in jobs] == [job.id]
    assert [(each["slot"], each["state"]) for each in effects] == [(entry.slot, "unknown")]
    one = (await dashboard.client.get(f"/admin/api/jobs/{job.id}")).json()
    assert one["waiting_for"] == f"effect:{entry.slot}"
    assert one["grant"] == {"mode": "comment-only", "allow_push": False, "operate": False, "dispatch": False}


async def test_status_says_whether_writes_are_paused(dashboard: Dashboard) -> None:
    assert (await dashboard.client.get("/admin/api/status")).json()["paused"] is None
    await dashboard.press("/admin", "/admin/pause")
    assert (await dashboard.client.get("/admin/api/status")).json()["paused"]["by"] == "operator (one-time link)"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("jobs?limit=0", 400),
        ("jobs?limit=101", 400),
        ("jobs?limit=x", 400),
        ("jobs?state=x", 400),
        ("jobs/none", 404),
        ("deliveries/none", 404),
        ("none", 404),
    ],
)
async def test_errors_are_json_too(dashboard: Dashboard, path: str, status: int) -> None:
    answer = await dashboard.client.get(f"/admin/api/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]
