"""Buttons: each needs the session's form, does its work once, and leaves a fact that says who."""

import pytest

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from support import stories
from support.dashboard import ORIGIN, Dashboard

pytestmark = pytest.mark.anyio

BY = "operator (one-time link)"


async def test_pausing_shows_a_banner_and_resuming_takes_it_away(dashboard: Dashboard) -> None:
    answer = await dashboard.press("/admin", "/admin/pause")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    text = await dashboard.page("/admin")
    assert "Writes are paused" in text
    assert 'action="/admin/pause"' not in text
    pause = await dashboard.store.paused()
    assert pause is not None
    assert pause.by == BY
    await dashboard.press("/admin", "/admin/resume")
    text = await dashboard.page("/admin")
    assert "Writes go on; 0 waiting jobs woken." in text
    assert "Writes are paused" not in text
    assert "Writes go on" not in await dashboard.page("/admin")


async def test_a_dead_letter_is_retried_from_the_overview(dashboard: Dashboard) -> None:
    job = await stories.dead(dashboard.store, "dead", dashboard.clock.now)
    answer = await dashboard.press("/admin", f"/admin/jobs/{job.id}/retry")
    assert answer.status_code == 303
    again = await dashboard.store.job(job.id)
    assert again is not None
    assert (again.state, again.attempts) == (JobState.PENDING, 0)
    assert dashboard.wakeups.hinted == [job.id]
    facts = await dashboard.store.facts_of(job=job.id)
    assert [fact.data["by"] for fact in facts if fact.kind == "admin.retry"] == [BY]
    assert "will run again" in await dashboard.page("/admin")


@pytest.mark.parametrize(("verdict", "state"), [("happened", EffectState.DONE), ("again", EffectState.INTENDED)])
async def test_an_unknown_effect_is_settled_either_way(dashboard: Dashboard, verdict: str, state: EffectState) -> None:
    job, entry = await stories.unknown(dashboard.store, "unknown", dashboard.clock.now)
    page, action = "/admin/effects?state=unknown", f"/admin/effects/{entry.slot}/settle"
    answer = await dashboard.press(page, action, verdict=verdict)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    settled, woken = await dashboard.store.entry(entry.slot), await dashboard.store.job(job.id)
    assert settled is not None
    assert woken is not None
    assert settled.state is state
    assert BY in settled.why
    assert woken.state is JobState.PENDING


async def test_a_running_job_is_cancelled_from_its_page(dashboard: Dashboard) -> None:
    await stories.received(dashboard.store, "guid", dashboard.clock.now)
    job = await stories.planned(dashboard.store, "guid", dashboard.clock.now)
    await stories.claimed(dashboard.store, job.id, dashboard.clock.now)
    await dashboard.press(f"/admin/jobs/{job.id}", f"/admin/jobs/{job.id}/cancel")
    ended = await dashboard.store.job(job.id)
    assert ended is not None
    assert (ended.state, ended.why) == (JobState.CANCELLED, f"cancelled by {BY}")


async def test_a_delivery_is_replayed_from_its_page(dashboard: Dashboard) -> None:
    await stories.reviewed(dashboard.store, "guid", dashboard.clock.now)
    await dashboard.press("/admin/deliveries/guid", "/admin/deliveries/guid/replay")
    pending = await dashboard.store.jobs(10, JobState.PENDING)
    assert [(job.type, job.payload["guid"]) for job in pending] == [("plan", "guid")]
    assert dashboard.wakeups.hinted == [pending[0].id]
    assert BY in await dashboard.page("/admin/deliveries/guid")


async def test_nothing_to_do_is_said_and_not_done(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, "guid", dashboard.clock.now)
    csrf = (await dashboard.page("/admin")).partition('name="csrf" value="')[2].partition('"')[0]
    data = {"csrf": csrf, "back": "/admin"}
    for path in (f"/admin/jobs/{job.id}/cancel", "/admin/resume", "/admin/deliveries/none/replay"):
        answer = await dashboard.client.post(path, data=data, headers={"origin": ORIGIN})
        assert answer.status_code == 303
        assert 'class="notice bad"' in await dashboard.page("/admin")


@pytest.mark.parametrize("csrf", [None, "", "0" * 64])
async def test_without_the_sessions_token_no_form_is_taken(dashboard: Dashboard, csrf: str | None) -> None:
    data = {} if csrf is None else {"csrf": csrf}
    answer = await dashboard.client.post("/admin/pause", data=data, headers={"origin": ORIGIN})
    assert answer.status_code in (403, 415)
    assert await dashboard.store.paused() is None


async def test_an_odd_verdict_settles_nothing(dashboard: Dashboard) -> None:
    _, entry = await stories.unknown(dashboard.store, "unknown", dashboard.clock.now)
    csrf = (await dashboard.page("/admin")).partition('name="csrf" value="')[2].partition('"')[0]
    data = {"csrf": csrf, "verdict": "maybe"}
    path = f"/admin/effects/{entry.slot}/settle"
    assert (await dashboard.client.post(path, data=data, headers={"origin": ORIGIN})).status_code == 400
    kept = await dashboard.store.entry(entry.slot)
    assert kept is not None
    assert kept.state is EffectState.UNKNOWN


async def test_after_an_action_nobody_is_led_elsewhere(dashboard: Dashboard) -> None:
    csrf = (await dashboard.page("/admin")).partition('name="csrf" value="')[2].partition('"')[0]
    data = {"csrf": csrf, "back": "https://evil.example/"}
    answer = await dashboard.client.post("/admin/pause", data=data, headers={"origin": ORIGIN})
    assert answer.headers["location"] == "/admin"


async def test_no_action_is_taken_by_a_get(dashboard: Dashboard) -> None:
    for path in ("/admin/pause", "/admin/resume", "/admin/jobs/x/retry", "/admin/effects/x/settle"):
        assert (await dashboard.client.get(path)).status_code == 405
