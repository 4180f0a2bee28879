"""The audit: what people asked for, and what came of everything that was written to GitHub, newest first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.domain.facts import Trail
from forgehand.domain.paging import Last
from forgehand.engine.queries import Pages
from forgehand.web.admin.pages import PAGE
from forgehand.web.admin.paging import before, older
from forgehand.web.admin.shell import Shell


class AuditPages:
    def __init__(self, store: Pages, shell: Shell) -> None:
        self._store = store
        self._shell = shell

    def routes(self) -> list[Route]:
        return [
            Route("/admin/audit", self.people),
            Route("/admin/audit/writes", self.writes),
        ]

    async def people(self, request: Request) -> Response:
        return await self._page(request, Trail.PEOPLE)

    async def writes(self, request: Request) -> Response:
        return await self._page(request, Trail.WRITES)

    async def _page(self, request: Request, trail: Trail) -> Response:
        change = await self._store.latest_change()
        facts = await self._store.audit(trail, PAGE, before(request))
        page = older(request, Last(facts[-1].at, facts[-1].id) if len(facts) == PAGE else None)
        return await self._shell.page(request, "audit.html", change, facts=facts, trail=trail, older=page)
