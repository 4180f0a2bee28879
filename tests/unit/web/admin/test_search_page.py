"""The search opens what is named whole and lists what begins so."""

import pytest

from forgehand.engine.projector import Projector
from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio

GUID = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01"


@pytest.fixture
async def known(dashboard: Dashboard) -> Dashboard:
    await stories.reviewed(dashboard.store, GUID, dashboard.clock.now)
    await stories.decided(dashboard.store, 7, dashboard.clock.now)
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    return dashboard


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("acme/widgets", "/admin/repositories/42"),
        ("acme/widgets#7", "/admin/pulls/42/7"),
        ("https://github.com/acme/widgets/pull/7", "/admin/pulls/42/7"),
        (GUID, f"/admin/deliveries/{GUID}"),
    ],
)
async def test_what_is_named_whole_is_opened(known: Dashboard, asked: str, page: str) -> None:
    answer = await known.client.get("/admin/search", params={"q": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_a_job_is_opened_by_its_id(known: Dashboard) -> None:
    [job] = [each for each in await known.store.jobs_of(GUID) if each.type == "review"]
    answer = await known.client.get("/admin/search", params={"q": job.id})
    assert answer.headers["location"] == f"/admin/jobs/{job.id}"


async def test_what_begins_so_is_listed(known: Dashboard) -> None:
    text = await known.page("/admin/search?q=5fc1")
    assert GUID in text
    assert "planner" in text
    assert 'value="5fc1"' in text
    assert "/admin/repositories/42" in await known.page("/admin/search?q=widg")


async def test_what_is_not_there_is_told_with_what_can_be_found(known: Dashboard) -> None:
    assert "Nothing begins like this." in await known.page("/admin/search?q=zebra")
    assert "What can be found" in await known.page("/admin/search")
    await known.page("/admin/search?q=" + "a" * 301, 400)


async def test_what_no_name_holds_is_not_looked_for(known: Dashboard) -> None:
    for path in ("/admin/search", "/admin/api/search"):
        assert "control character" in await known.page(f"{path}?q=a%00", 400)
    assert "Nothing begins like this." in await known.page("/admin/search?q=%09zebra%0A")
