"""The admin application over a memory store, and a visitor who can sign in. For tests of pages and actions."""

import re
from dataclasses import dataclass

import httpx2
from starlette.applications import Starlette

from forgehand.adapters.memory import MemoryStore
from forgehand.web.admin.app import sign_in_path
from support.stories import Clock, HintedWakeups

ORIGIN = "http://127.0.0.1:8081"


@dataclass
class Dashboard:
    store: MemoryStore
    wakeups: HintedWakeups
    clock: Clock
    app: Starlette
    client: httpx2.AsyncClient

    async def sign_in(self) -> None:
        """Open a fresh one-time link and press its button."""
        token = sign_in_path(self.app).partition("token=")[2]
        answer = await self.client.post("/admin/sign-in", data={"token": token}, headers={"origin": ORIGIN})
        assert answer.status_code == 303, answer.text

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def press(self, page: str, action: str, **fields: str) -> httpx2.Response:
        """Send the form of this action that the page shows, with its hidden fields and these on top."""
        text = await self.page(page)
        forms: list[str] = re.findall(r"<form.*?</form>", text, re.DOTALL)
        form = next((each for each in forms if f'action="{action}"' in each and _has(each, fields)), None)
        assert form is not None, f"{page} has no form for {action} with {fields}"
        data = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form))
        return await self.client.post(action, data=data, headers={"origin": ORIGIN})


def _has(form: str, fields: dict[str, str]) -> bool:
    return all(f'name="{name}" value="{value}"' in form for name, value in fields.items())
