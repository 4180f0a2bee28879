"""What went wrong, and what a person can do about it."""

import pytest

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from forgehand.engine.projector import Projector
from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_where_nothing_is_wrong_pages_say_so(dashboard: Dashboard) -> None:
    assert "nothing was given up" in await dashboard.page("/admin/dead-letters")
    assert "it is known what came of it" in await dashboard.page("/admin/unknown-effects")
    assert "None here." in await dashboard.page("/admin/failures")


async def test_a_dead_letter_says_why_and_is_retried_from_its_row(dashboard: Dashboard) -> None:
    job = await stories.dead(dashboard.store, "dead", dashboard.clock.now)
    text = await dashboard.page("/admin/dead-letters")
    assert "gave up after 3 attempts: GitHub answered 502 to the list of files" in text
    answer = await dashboard.press("/admin/dead-letters", f"/admin/jobs/{job.id}/retry")
    assert answer.headers["location"] == "/admin/dead-letters"
    again = await dashboard.store.job(job.id)
    assert again is not None
    assert again.state is JobState.PENDING


@pytest.mark.parametrize(("verdict", "state"), [("happened", EffectState.DONE), ("again", EffectState.INTENDED)])
async def test_an_unknown_effect_is_settled_from_its_row(
    dashboard: Dashboard, verdict: str, state: EffectState
) -> None:
    _, entry = await stories.unknown(dashboard.store, "unknown", dashboard.clock.now)
    assert "https://github.com/acme/widgets/pull/9" in await dashboard.page("/admin/unknown-effects")
    await dashboard.press("/admin/unknown-effects", f"/admin/effects/{entry.slot}/settle", verdict=verdict)
    settled = await dashboard.store.entry(entry.slot)
    assert settled is not None
    assert settled.state is state


async def test_failures_are_told_with_their_reason_and_lead_to_what_failed(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    failed = await stories.failed(dashboard.store, "failed", now - 9)
    _, entry = await stories.unknown(dashboard.store, "unknown", now)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    text = await dashboard.page("/admin/failures")
    first, _, second = text.partition("the App may not read contents of acme/widgets")
    assert f"/admin/effects/{entry.slot}" in first
    assert f"/admin/jobs/{failed.id}" in first
    assert second
    assert f"/admin/effects/{entry.slot}" not in await dashboard.page(f"/admin/failures?before={now - 1}")
