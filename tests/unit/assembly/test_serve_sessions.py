"""Who is signed in on one server is so on every other one that has the operator's key, and after a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from forgehand.assembly.build import opened
from forgehand.assembly.serve import _admin
from forgehand.assembly.settings import read_settings

pytestmark = pytest.mark.anyio

TOKEN = "let me in, " * 4
KEY = "keeps the door, " * 3


@pytest.mark.parametrize(("first", "second", "status"), [(KEY, KEY, 200), (KEY, KEY[::-1], 303), ("", "", 303)])
async def test_a_session_holds_where_the_key_is_the_same(tmp_path: Path, first: str, second: str, status: int) -> None:
    async with _server(tmp_path, first) as here, _server(tmp_path, second) as there:
        welcome = await here.post("/admin/sign-in", data={"admin_token": TOKEN})
        assert welcome.status_code == 303, welcome.text
        assert (await here.get("/admin/jobs")).status_code == 200
        there.cookies.update(here.cookies)
        assert (await there.get("/admin/jobs")).status_code == status


@asynccontextmanager
async def _server(folder: Path, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    settings = read_settings(
        _env_file=None,
        database_url=f"sqlite:///{folder / 'store.db'}",
        admin_token=SecretStr(TOKEN),
        secret_key=SecretStr(key),
    )
    async with opened(settings) as app:
        transport = httpx2.ASGITransport(_admin(app))
        async with httpx2.AsyncClient(transport=transport, base_url=settings.admin_base_url) as client:
            yield client
