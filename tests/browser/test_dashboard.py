"""The dashboard as a person meets it, in a real Chromium: it lives without reloads, and acts on clicks."""

import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from forgehand.domain.effects import StickyComment
from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.pulls import Standing
from forgehand.domain.rulings import Ruling, State
from support import stories
from support.browser import Visit, axe, visit
from support.history import GUID, everything

pytestmark = [pytest.mark.anyio, pytest.mark.needs("chromium")]

PULLS = ("/admin/pulls", "/admin/pulls/42/7", "/admin/queues")
NUMBERS = {
    "workers": "/admin/workers",
    "worker": "/admin/workers/review",
    "repositories": "/admin/repositories",
    "repository": "/admin/repositories/42?show=1w",
    "dead-letters": "/admin/dead-letters",
    "unknown-effects": "/admin/unknown-effects",
    "failures": "/admin/failures",
    "audit": "/admin/audit",
    "audit-writes": "/admin/audit/writes",
    "search": "/admin/search?q=acme",
    "dispatches": "/admin/dispatches",
    "dispatch": "/admin/dispatches/501",
    "targets": "/admin/targets",
}


async def test_a_delivery_its_job_and_its_effects_appear_by_themselves(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        await dashboard.sign_in()
        await dashboard.goto_live("/admin")
        page, store, now = dashboard.page, dashboard.store, time.time()
        await expect(page.get_by_text("No webhook has come yet")).to_be_visible()
        await page.evaluate("window.notReloaded = true")

        await stories.received(store, GUID, now)
        row = page.locator("article.journey")
        await expect(row.get_by_role("link", name="pull_request")).to_be_visible()
        await expect(row.get_by_text("planning")).to_be_visible()

        job = await stories.planned(store, GUID, now)
        await expect(row.get_by_role("link", name="review", exact=True)).to_be_visible()
        await expect(row.get_by_text("pending", exact=True)).to_be_visible()

        job = await stories.claimed(store, job.id, now)
        await expect(row.get_by_text("running", exact=True)).to_be_visible()
        await stories.effect(store, job, stories.review(7), EffectState.SENDING, now)
        await expect(row.get_by_text("sending", exact=True)).to_be_visible()
        await stories.effect(
            store, job, stories.review(7), EffectState.DONE, now, url="https://github.com/acme/widgets/pull/7"
        )
        await stories.end(store, job.id, stories.Done({"findings": 2}), now)
        await expect(row.get_by_text("done", exact=True)).to_be_visible()
        await expect(row.get_by_text("completed", exact=True)).to_be_visible()
        await expect(row.get_by_text("findings 2")).to_be_visible()

        assert await page.evaluate("window.notReloaded")
        assert await row.count() == 1
        await dashboard.shoot("overview-live")


async def test_new_deliveries_come_on_top_while_opened_details_and_focus_stay(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        now = time.time()
        job = await stories.reviewed(dashboard.store, GUID, now - 60)
        await dashboard.sign_in()
        await dashboard.goto_live(f"/admin/jobs/{job.id}")
        page = dashboard.page
        details = page.locator("details").first
        await details.locator("summary").click()
        await expect(details.get_by_text("Two new findings on changed lines.")).to_be_visible()

        await dashboard.store.retry(job.id, now)
        await expect(page.locator("h1").get_by_text("pending")).to_be_visible()
        await expect(details.get_by_text("Two new findings on changed lines.")).to_be_visible()
        await expect(details.locator("summary")).to_be_focused()

        await dashboard.goto_live("/admin")
        first = page.locator("article.journey h3 a").first
        await first.focus()
        await stories.received(dashboard.store, "newer", now)
        await expect(page.locator("article.journey")).to_have_count(2)
        await expect(page.locator("article.journey").first).to_contain_text("newer")
        await expect(page.locator("article.journey h3 a").nth(1)).to_be_focused()


async def test_pausing_and_resuming_shows_on_every_open_page(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        await dashboard.sign_in()
        await dashboard.goto_live("/admin/jobs")
        other, page = await dashboard.context.new_page(), dashboard.page
        await other.goto(f"{dashboard.url}/admin")
        await page.get_by_role("button", name="Pause writes").click()
        for each in (page, other):
            await expect(each.get_by_text("Writes are paused")).to_be_visible()
            await expect(each.get_by_role("button", name="Pause writes")).to_have_count(0)
        await dashboard.shoot("paused")
        await other.get_by_role("button", name="Resume writes").click()
        for each in (page, other):
            await expect(each.get_by_text("Writes are paused")).to_have_count(0)
        assert await dashboard.store.paused() is None


async def test_a_dead_letter_is_retried(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        job = await stories.dead(dashboard.store, GUID, time.time() - 300)
        await dashboard.sign_in()
        await dashboard.page.goto(f"{dashboard.url}/admin/jobs?state=dead_letter")
        await dashboard.page.get_by_role("button", name="Retry review on acme/widgets pull/8").click()
        await expect(dashboard.page.get_by_text(f"Job {job.id[:8]} will run again.")).to_be_visible()
        await expect(dashboard.page.get_by_text("None here.")).to_be_visible()
        again = await dashboard.store.job(job.id)
        assert again is not None
        assert again.state is JobState.PENDING
        assert dashboard.wakeups.hinted == [job.id]


@pytest.mark.parametrize(
    ("button", "state"), [("It happened", EffectState.DONE), ("Do it again", EffectState.INTENDED)]
)
async def test_an_unknown_effect_is_settled(chromium: Path, button: str, state: EffectState) -> None:
    async with visit(chromium) as dashboard:
        job, entry = await stories.unknown(dashboard.store, GUID, time.time() - 300)
        await dashboard.sign_in()
        await dashboard.shoot(f"needs-you-{state}")
        await dashboard.page.get_by_role("button", name=button).click()
        await expect(dashboard.page.get_by_role("heading", name="Needs you")).to_have_count(0)
        settled, woken = await dashboard.store.entry(entry.slot), await dashboard.store.job(job.id)
        assert settled is not None
        assert woken is not None
        assert (settled.state, woken.state) == (state, JobState.PENDING)


async def test_what_was_decided_about_a_pull_request_appears_and_opens_rule_by_rule(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        await dashboard.sign_in()
        await dashboard.goto_live("/admin/pulls")
        page, store, now = dashboard.page, dashboard.store, time.time()
        await expect(page.get_by_text("None is open.")).to_be_visible()
        await stories.decided(store, 7, now)
        await expect(page.locator(".pulls").get_by_text("Tests: pytest failed.")).to_be_visible()
        await page.get_by_role("link", name="Reuse the last stage").click()
        await expect(page.get_by_text("Its conclusion is failure.")).to_be_visible()
        await page.locator(".rulings details details > summary").click()
        await expect(page.get_by_text("Its conclusion is failure.")).to_be_hidden()
        ready = {"standing": Standing.READY, "generation": 2}
        await stories.decided(store, 7, now, stories.READY, **ready)
        await expect(page.locator("h1").get_by_text("ready")).to_be_visible()
        await expect(page.get_by_text("Nothing stands in its way.")).to_be_visible()


async def test_without_javascript_everything_is_there_and_works(chromium: Path) -> None:
    async with visit(chromium, java_script_enabled=False) as dashboard:
        job = await stories.dead(dashboard.store, GUID, time.time() - 300)
        await dashboard.sign_in()
        page = dashboard.page
        await expect(page.get_by_text("GitHub answered 502 to the list of files").first).to_be_visible()
        await page.get_by_role("link", name="review", exact=True).first.click()
        await page.wait_for_url(f"{dashboard.url}/admin/jobs/{job.id}")
        await page.get_by_role("button", name="Retry").click()
        await expect(page.get_by_text("will run again")).to_be_visible()


async def test_a_stranger_is_led_to_the_sign_in_page_and_back(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page = dashboard.page
        await page.goto(f"{dashboard.url}/admin/jobs?state=failed")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await dashboard.shoot("sign-in")
        await page.get_by_label("Or the admin token").fill("open sesame")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{dashboard.url}/admin/jobs?state=failed")
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{dashboard.url}/admin/sign-in")


async def test_hostile_texts_do_nothing(chromium: Path) -> None:
    bad = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    async with visit(chromium) as dashboard:
        store, now = dashboard.store, time.time()
        await stories.received(store, bad, now, event=bad)
        job = await stories.claimed(store, (await stories.planned(store, bad, now, title=bad)).id, now)
        comment = StickyComment(repo=stories.REPO, subject=bad, worker=bad, purpose=bad, number=1, body=bad)
        entry = await stories.effect(store, job, comment, EffectState.DONE, now, why=bad, url="javascript:alert(3)")
        await stories.end(store, job.id, stories.Failed(bad), now)
        await dashboard.sign_in()
        ruling = Ruling(bad, State.VIOLATED, bad)
        await stories.decided(store, 7, now, ruling, title=bad, blocker=bad, url="javascript:1")
        for path in ("/admin", f"/admin/jobs/{job.id}", f"/admin/effects/{entry.slot}", *PULLS[:2]):
            await dashboard.goto_live(path)
            await expect(dashboard.page.get_by_text("<script>alert(2)</script>").first).to_be_visible()
            assert await dashboard.page.locator("img[src=x]").count() == 0
            assert await dashboard.page.locator("a[href^=javascript]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_usable_by_everyone_in_light_and_dark(chromium: Path, scheme: str) -> None:
    script = axe()
    async with visit(chromium, color_scheme=scheme) as dashboard:
        job, entry = await everything(dashboard.store, time.time())
        await dashboard.page.goto(f"{dashboard.url}/admin/sign-in")
        assert await _violations(dashboard, script) == []
        await dashboard.sign_in()
        pages = {
            "overview": "/admin",
            "deliveries": "/admin/deliveries",
            "delivery": f"/admin/deliveries/{GUID}",
            "jobs": "/admin/jobs",
            "job": f"/admin/jobs/{job}",
            "effects": "/admin/effects?state=unknown",
            "effect": f"/admin/effects/{entry}",
            "pulls": "/admin/pulls",
            "pull": "/admin/pulls/42/7",
            "queues": "/admin/queues",
            **NUMBERS,
        }
        for name, path in pages.items():
            await dashboard.goto_live(path)
            assert await _violations(dashboard, script) == [], path
            await dashboard.shoot(f"{name}-{scheme}")


async def test_dark_mode_follows_the_system(chromium: Path) -> None:
    async with visit(chromium, color_scheme="dark") as dashboard:
        await dashboard.page.goto(f"{dashboard.url}/admin/sign-in")
        shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
        assert await dashboard.page.evaluate(shade) < 150
        await dashboard.page.emulate_media(color_scheme="light")
        assert await dashboard.page.evaluate(shade) > 600


async def test_the_keyboard_reaches_everything(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        await stories.dead(dashboard.store, GUID, time.time() - 300)
        await dashboard.sign_in()
        page = dashboard.page
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        retry = page.get_by_role("button", name="Retry")
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await retry.evaluate("button => button === document.activeElement"):
                break
        await expect(retry).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("will run again")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768])
async def test_a_narrow_screen_needs_no_sideways_scrolling(chromium: Path, width: int) -> None:
    async with visit(chromium) as dashboard:
        job, _ = await everything(dashboard.store, time.time())
        await dashboard.sign_in()
        await dashboard.page.set_viewport_size({"width": width, "height": 800})
        others = (f"/admin/deliveries/{GUID}", f"/admin/jobs/{job}", "/admin/effects?state=unknown", *PULLS)
        others += tuple(NUMBERS.values())
        for path in ("/admin", *others):
            await dashboard.page.goto(dashboard.url + path)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await dashboard.page.evaluate(wide) <= 0, path
        await dashboard.shoot(f"narrow-{width}")


async def _violations(dashboard: Visit, script: str) -> list[str]:
    await dashboard.page.evaluate(script)
    found = await dashboard.page.evaluate("axe.run().then(result => result.violations)")
    return [f"{each['id']}: {each['nodes'][0]['html']}: {each['nodes'][0]['failureSummary']}" for each in found]
