"""Plots, the picture of a journey and the search, in a real Chromium."""

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from forgehand.engine.projector import Projector
from support import stories
from support.browser import visit
from support.history import GUID, everything

pytestmark = [pytest.mark.anyio, pytest.mark.needs("chromium")]


async def test_plots_are_drawn_from_the_table_and_follow_it(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page, store, now = dashboard.page, dashboard.store, time.time()
        await everything(store, now)
        await dashboard.sign_in()
        await dashboard.goto_live("/admin")
        await expect(page.locator(".plot canvas")).to_have_count(4)
        await expect(page.locator("#windows")).to_be_hidden()
        await page.get_by_text("The same as a table").click()
        rows = page.locator("#windows tbody tr")
        first = rows.first.locator("[data-received]")
        came = int(await first.inner_text())
        drawn = "[...document.querySelectorAll('.plot canvas')].map(each => each.toDataURL()).join()"
        before = await page.evaluate(drawn)
        await page.evaluate("window.notReloaded = true")

        for number in range(40):
            await stories.received(store, f"new-{number}", now)
        await Projector(store, lambda: now, holder="history").once()
        await stories.received(store, "last", now)
        await expect(first).not_to_have_text(str(came))
        await page.wait_for_function(f"before => ({drawn}) !== before", arg=before)
        assert await page.evaluate("window.notReloaded")
        await expect(page.locator("#windows")).to_be_visible()


async def test_what_a_plot_shows_under_the_pointer_is_written_out(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page = dashboard.page
        await everything(dashboard.store, time.time())
        await dashboard.sign_in()
        await dashboard.goto_live("/admin?show=2d")
        await page.locator("[data-plot=received] .u-over").hover()
        for plot, label in (("received", "Deliveries"), ("outcomes", "Completed"), ("outcomes", "Failed")):
            shown = page.locator(f"[data-plot={plot}] .u-series", has_text=label).locator(".u-value")
            await expect(shown).to_have_text(re.compile(r"^\d+$"))


async def test_without_javascript_the_numbers_are_a_table(chromium: Path) -> None:
    async with visit(chromium, java_script_enabled=False) as dashboard:
        await everything(dashboard.store, time.time())
        await dashboard.sign_in()
        await expect(dashboard.page.locator("#windows tbody tr").first).to_be_visible()
        await expect(dashboard.page.locator(".figures")).to_be_hidden()
        await dashboard.page.get_by_role("link", name="2 days").click()
        await expect(dashboard.page.get_by_text("Every 60 minutes of the last 2 days")).to_be_visible()
        await dashboard.page.goto(f"{dashboard.url}/admin/deliveries/{GUID}")
        await expect(dashboard.page.get_by_role("img", name="Waited 0.10 s, ran 1.20 s, completed")).to_be_visible()


async def test_the_search_is_one_key_away_and_opens_what_is_named(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page = dashboard.page
        await everything(dashboard.store, time.time())
        await dashboard.sign_in()
        await dashboard.goto_live("/admin")
        for asked, path in (
            ("acme/widgets#7", "/admin/pulls/42/7"),
            ("acme/storefront", "/admin/repositories/43"),
            (GUID, f"/admin/deliveries/{GUID}"),
        ):
            await page.keyboard.press("/")
            await expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
            await page.keyboard.type(asked)
            await page.keyboard.press("Enter")
            await page.wait_for_url(dashboard.url + path)
            await page.get_by_role("status").get_by_text("Live", exact=True).wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("acme/")
        await page.keyboard.press("Enter")
        await page.get_by_role("main").get_by_role("link", name="acme/payments-gateway").click()
        await expect(page.get_by_role("heading", name="acme/payments-gateway")).to_be_visible()


async def test_every_page_is_reached_by_the_navigation_alone(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page = dashboard.page
        await dashboard.sign_in()
        seen = set()
        for place in await page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts():
            await page.get_by_role("navigation", name="Main").get_by_role("link", name=place, exact=True).click()
            await expect(page.locator(f"nav [aria-current]:text-is('{place}')").first).to_be_visible()
            below = page.locator("nav.below a")
            for name in await below.all_inner_texts():
                await below.get_by_text(name, exact=True).click()
                await expect(page.locator("h1")).to_have_count(1)
                seen.add(name)
        assert seen >= {"Merge queues", "Jobs", "Failures", "Repositories", "What was written"}


async def test_dead_letters_and_unknown_effects_are_dealt_with_on_their_pages(chromium: Path) -> None:
    async with visit(chromium) as dashboard:
        page, now = dashboard.page, time.time()
        await stories.dead(dashboard.store, "dead", now - 300)
        await stories.unknown(dashboard.store, "unknown", now - 200)
        await dashboard.sign_in()
        await page.goto(f"{dashboard.url}/admin/dead-letters")
        await page.get_by_role("button", name="Retry review on acme/widgets pull/8").click()
        await expect(page.get_by_text("nothing was given up")).to_be_visible()
        await page.goto(f"{dashboard.url}/admin/unknown-effects")
        await page.get_by_role("button", name="It happened").click()
        await expect(page.get_by_text("it is known what came of it")).to_be_visible()
        await page.goto(f"{dashboard.url}/admin/audit")
        await expect(page.get_by_text("said of an unknown effect: it happened")).to_be_visible()
        await expect(page.get_by_text("let a job run again")).to_be_visible()
