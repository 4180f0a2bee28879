"""The pages of runs that start workflows of other repositories, and of those workflows."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.engine.queries import Dispatching, dispatch_story, dispatches, targets
from forgehand.web.admin.pages import PAGE, number_in
from forgehand.web.admin.paging import before, older
from forgehand.web.admin.shell import Shell

RUNS = 10
"""On one page, each with all its targets."""


class DispatchPages:
    def __init__(self, store: Dispatching, shell: Shell) -> None:
        self._store = store
        self._shell = shell

    def routes(self) -> list[Route]:
        return [
            Route("/admin/dispatches", self.dispatches),
            Route("/admin/dispatches/{run}", self.dispatch),
            Route("/admin/targets", self.targets),
        ]

    async def dispatches(self, request: Request) -> Response:
        change = await self._store.latest_change()
        rows = await dispatches(self._store, RUNS, before(request))
        page = older(request, rows[-1].end if len(rows) == RUNS else None)
        return await self._shell.page(request, "dispatches.html", change, dispatches=rows, older=page)

    async def dispatch(self, request: Request) -> Response:
        change = await self._store.latest_change()
        story = await dispatch_story(self._store, number_in(request, "run"))
        if story is None:
            raise HTTPException(404, "No such run was to start others, or it is no longer kept.")
        return await self._shell.page(request, "dispatch.html", change, story=story)

    async def targets(self, request: Request) -> Response:
        change = await self._store.latest_change()
        rows = await targets(self._store, PAGE, before(request))
        page = older(request, rows[-1].end if len(rows) == PAGE else None)
        return await self._shell.page(request, "targets.html", change, targets=rows, older=page)
