"""What people send to the admin pages, and no PostgreSQL would take, reaches no statement."""

import re

import httpx2
import pytest

from forgehand.web.admin.app import build_admin, sign_in_path
from support.dashboard import ORIGIN
from support.stores import NOW, opened
from support.stories import HintedWakeups

pytestmark = pytest.mark.anyio


async def test_a_control_character_is_refused_in_a_search_and_left_out_of_a_reason(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        app = build_admin(store, HintedWakeups(), version="0", clock=lambda: NOW)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as visitor:
            token = sign_in_path(app).partition("token=")[2]
            assert (await visitor.post("/admin/sign-in", data={"token": "\0"})).status_code == 403
            assert (await visitor.post("/admin/sign-in", data={"token": token})).status_code == 303
            for asked in ("search?q=acme%00", "api/search?q=%00", "deliveries?before=1~a%2500"):
                assert (await visitor.get(f"/admin/{asked}")).status_code == 400
            page = (await visitor.get("/admin")).text
            [csrf, *_] = re.findall(r'name="csrf" value="([^"]*)"', page)
            form = {"csrf": csrf, "why": "release\0 day"}
            paused = await visitor.post("/admin/pause", data=form, headers={"origin": ORIGIN})
            assert paused.status_code == 303
        pause = await store.paused()
        assert pause is not None
        assert pause.why == "release day"
