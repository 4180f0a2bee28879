"""Workers and repositories: everything in tables, also without a script."""

import pytest

from forgehand.engine.projector import Projector
from support import history, stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_without_a_history_pages_say_so(dashboard: Dashboard) -> None:
    assert "No worker has done anything yet." in await dashboard.page("/admin/workers")
    assert "Nothing has happened in any repository yet." in await dashboard.page("/admin/repositories")
    await dashboard.page("/admin/workers/review", 404)
    await dashboard.page("/admin/repositories/42", 404)
    await dashboard.page("/admin/repositories/forty-two", 404)


async def test_workers_and_one_of_them_tell_how_often_how_well_and_how_long(dashboard: Dashboard) -> None:
    await _reviewed(dashboard)
    for path in ("/admin/workers", "/admin/workers/review"):
        text = await dashboard.page(path)
        assert "100 %" in text, path
        assert "1.3" in text, path
    assert 'href="/admin/workers/review"' in await dashboard.page("/admin/workers")


async def test_a_repository_shows_its_numbers_and_its_open_pull_requests(dashboard: Dashboard) -> None:
    await _reviewed(dashboard)
    await stories.decided(dashboard.store, 7, dashboard.clock.now)
    assert 'href="/admin/repositories/42"' in await dashboard.page("/admin/repositories")
    text = await dashboard.page("/admin/repositories/42")
    assert "acme/widgets" in text
    assert "Reuse the last stage" in text


@pytest.mark.parametrize("path", ["/admin", "/admin/workers/review", "/admin/repositories/42"])
async def test_what_is_drawn_stands_in_a_table_from_which_it_is_drawn(dashboard: Dashboard, path: str) -> None:
    await _reviewed(dashboard)
    text = await dashboard.page(path)
    assert '<table id="windows"' in text
    assert 'data-completed="1">1</td>' in text
    assert 'data-success="100.0">100 %</td>' in text
    await dashboard.page(f"{path}?show=1y", 400)
    assert "aria-current" in (await dashboard.page(f"{path}?show=1w")).partition("How far back")[2]


async def test_lists_page_by_their_last_row(dashboard: Dashboard) -> None:
    await history.two_days(dashboard.store, dashboard.clock.now)
    rows = (await dashboard.page("/admin/repositories")).count('<th scope="row">')
    assert rows == len(history.REPOSITORIES)
    rest = await dashboard.page(f"/admin/repositories?before={dashboard.clock.now - 100 * 86400}")
    assert "Nothing has happened" in rest


async def _reviewed(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    await stories.reviewed(dashboard.store, "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01", now - 10)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()


async def test_the_same_stands_there_as_json(dashboard: Dashboard) -> None:
    await _reviewed(dashboard)
    told = (await dashboard.client.get("/admin/api/overview")).json()
    assert [tile["health"] for tile in told["tiles"]] == ["green"] * 5
    before = told["windows"][-1]
    assert (before["received"], before["completed"], before["success"]) == (1, 1, 100.0)
    worker = (await dashboard.client.get("/admin/api/workers/review?show=2d")).json()
    assert (worker["worker"]["completed"], worker["windows"][0]["span"]) == (1, 3600)
    assert (await dashboard.client.get("/admin/api/repositories/42?show=4h")).status_code == 400
