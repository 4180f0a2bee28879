"""Who asked for what, and what was written: every action leaves its line."""

import pytest

from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_without_anything_done_the_audit_knows_who_signed_in(dashboard: Dashboard) -> None:
    text = await dashboard.page("/admin/audit")
    assert "signed in" in text
    assert text.count('<li data-key="') == 1
    assert "Nothing was to be written yet." in await dashboard.page("/admin/audit/writes")


async def test_every_action_of_a_person_is_told_with_who_it_was(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    job = await stories.dead(dashboard.store, "dead", now)
    _, entry = await stories.unknown(dashboard.store, "unknown", now)
    await dashboard.press("/admin", "/admin/pause")
    await dashboard.press("/admin", "/admin/resume")
    await dashboard.press("/admin/dead-letters", f"/admin/jobs/{job.id}/retry")
    await dashboard.press(f"/admin/jobs/{job.id}", f"/admin/jobs/{job.id}/cancel")
    await dashboard.press("/admin/deliveries/dead", "/admin/deliveries/dead/replay")
    await dashboard.press("/admin/unknown-effects", f"/admin/effects/{entry.slot}/settle", verdict="happened")
    text = await dashboard.page("/admin/audit")
    for told in (
        "paused all writes",
        "let writes go on",
        "let a job run again",
        "cancelled a job",
        "replayed a delivery",
        "said of an unknown effect: it happened",
    ):
        assert told in text
    assert text.count("<b>operator (one-time link)</b>") == 7


async def test_what_was_written_leads_to_the_effect_its_job_and_its_delivery(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, "guid", dashboard.clock.now)
    text = await dashboard.page("/admin/audit/writes")
    assert text.count("check run “forgehand/review” = failure") == 1
    for path in (f"/admin/jobs/{job.id}", "/admin/deliveries/guid"):
        assert text.count(f'href="{path}"') == 3
    assert "sending" not in text


async def test_the_audit_pages_by_its_last_row(dashboard: Dashboard) -> None:
    for number in range(9):
        await stories.reviewed(dashboard.store, f"guid-{number}", dashboard.clock.now - 60 * number, number=number)
    first = await dashboard.page("/admin/audit/writes")
    assert first.count('<li data-key="') == 25
    older = first.partition('<a href="?')[2].partition('" rel="next"')[0]
    assert (await dashboard.page(f"/admin/audit/writes?{older}")).count('<li data-key="') == 2
