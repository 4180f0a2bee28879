"""The search: what is named whole is opened at once, what is named in part is listed."""

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgehand.engine.queries import Findable, Found, search
from forgehand.web.admin.forms import CONTROL
from forgehand.web.admin.shell import Shell

LONGEST = 300


class SearchPage:
    def __init__(self, store: Findable, shell: Shell) -> None:
        self._store = store
        self._shell = shell

    def routes(self) -> list[Route]:
        return [Route("/admin/search", self.search)]

    async def search(self, request: Request) -> Response:
        change = await self._store.latest_change()
        asked = asked_in(request)
        found = await search(self._store, asked)
        if found.exact:
            return RedirectResponse(_page_of(found), 303)
        return await self._shell.page(request, "search.html", change, found=found, asked=asked)


def asked_in(request: Request) -> str:
    """`?q=`, what to look for."""
    asked = request.query_params.get("q", "")
    if len(asked) > LONGEST:
        raise HTTPException(400, f"q= is at most {LONGEST} characters.")
    asked = asked.strip()
    if CONTROL.search(asked):
        raise HTTPException(400, "q= holds a control character, and no name has one: type it again.")
    return asked


def _page_of(found: Found) -> str:
    """Of the one thing that was found. Every part is quoted: it can lead nowhere else."""
    if found.pulls:
        return f"/admin/pulls/{found.pulls[0].key}"
    if found.repositories:
        return f"/admin/repositories/{found.repositories[0].id}"
    if found.deliveries:
        return f"/admin/deliveries/{quote(found.deliveries[0].delivery.guid, safe='')}"
    return f"/admin/jobs/{quote(found.jobs[0].id, safe='')}"
