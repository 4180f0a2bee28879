"""What a run started elsewhere, what it did not, and why."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change
from forgehand.engine.projector import Projector
from support.dashboard import Dashboard
from support.dispatches import denied, dispatched

pytestmark = pytest.mark.anyio


async def test_before_the_first_dispatch_the_page_says_what_allows_one(dashboard: Dashboard) -> None:
    assert "dispatching.yml" in await dashboard.page("/admin/dispatches")
    assert "yet." in await dashboard.page("/admin/targets")
    await dashboard.page("/admin/dispatches/501", 404)


async def test_every_target_shows_its_verdict_its_run_and_its_conclusion(dashboard: Dashboard) -> None:
    await _dispatched(dashboard)
    for path in ("/admin/dispatches", "/admin/dispatches/501"):
        text = await dashboard.page(path)
        for shown in (
            "acme/storefront",
            "https://github.com/acme/storefront/actions/runs/77",
            "failure",
            "waits for approval",
            "inbound_not_authorized",
            "acme/payments lets nobody in.",
            "acme/legacy has no branch or tag main.",
            "1 succeeded or started, 2 failed, 1 denied, 1 open",
        ):
            assert shown in text, path


async def test_a_run_that_may_start_nothing_says_why(dashboard: Dashboard) -> None:
    await denied(dashboard.store, dashboard.clock.now)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    text = await dashboard.page("/admin/dispatches")
    assert "source_not_default_branch" in text
    assert "only runs of the default branch start others" in text


async def test_one_dispatch_tells_the_whole_verdict_and_what_happened(dashboard: Dashboard) -> None:
    await _dispatched(dashboard)
    text = await dashboard.page("/admin/dispatches/501")
    assert "No inbound rule names acme/widgets and ci.yml." in text
    assert "Plan created" in text.partition("Step by step")[2]


async def test_targets_are_counted(dashboard: Dashboard) -> None:
    await _dispatched(dashboard)
    assert "acme/storefront:cd.yml" in await dashboard.page("/admin/targets")


async def test_no_target_is_lost_between_two_pages_whatever_its_file_is_called(dashboard: Dashboard) -> None:
    at = dashboard.clock.now
    names = [f"acme/api:a+{number:02}.yml" for number in range(60)]
    facts = [Fact(name, "dispatch.trigger.succeeded", at, data={"target": name}) for name in names]
    await dashboard.store.commit(Change(facts=tuple(facts)), at)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    for path in ("/admin/targets", "/admin/api/targets"):
        assert sorted([name async for name in _walked(dashboard, path)]) == names


async def _walked(dashboard: Dashboard, path: str) -> AsyncIterator[str]:
    """What the pages name from the first to the last, each by the link or the end that the one before gave."""
    query = ""
    while True:
        text = await dashboard.page(f"{path}?{query}")
        for name in dict.fromkeys(re.findall(r"acme/api:a\+\d\d\.yml", text.partition('"last":')[0])):
            yield name
        link = re.search(r'href="\?([^"]*)" rel="next"', text) or re.search(r'"last":\s*"([^"]*)"', text)
        if link is None:
            return
        query = unescape(link[1]) if "rel=" in link[0] else f"before={link[1]}"


async def _dispatched(dashboard: Dashboard) -> None:
    await dispatched(dashboard.store, dashboard.clock.now - 60)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
