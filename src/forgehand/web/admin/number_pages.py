"""The pages of workers and repositories: what each did, how long it took, and how that went lately."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.domain.projections import REPOSITORIES, WORKERS
from forgehand.engine.queries import Numbers, Pages, repositories, repository, worker, workers
from forgehand.web.admin.pages import PAGE, checked_id, number_in
from forgehand.web.admin.paging import before, older
from forgehand.web.admin.plots import HOURLY, plots
from forgehand.web.admin.shell import Shell

PULLS_SHOWN = 10


class NumberPages:
    def __init__(self, store: Pages, numbers: Numbers, shell: Shell, clock: Callable[[], float]) -> None:
        self._store = store
        self._numbers = numbers
        self._shell = shell
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("/admin/workers", self.workers),
            Route("/admin/workers/{worker}", self.worker),
            Route("/admin/repositories", self.repositories),
            Route("/admin/repositories/{repository}", self.repository),
        ]

    async def workers(self, request: Request) -> Response:
        change = await self._store.latest_change()
        rows = await workers(self._numbers, PAGE, before(request))
        page = older(request, rows[-1].end if len(rows) == PAGE else None)
        return await self._shell.page(request, "workers.html", change, workers=rows, older=page)

    async def worker(self, request: Request) -> Response:
        change = await self._store.latest_change()
        name = checked_id(request, "worker")
        row = await worker(self._numbers, name)
        if row is None:
            raise HTTPException(404, "No worker of this name has done anything.")
        shown = await plots(self._numbers, request, self._clock(), scope=f"{WORKERS}/{name}")
        return await self._shell.page(request, "worker.html", change, row=row, plots=shown)

    async def repositories(self, request: Request) -> Response:
        change = await self._store.latest_change()
        rows = await repositories(self._numbers, PAGE, before(request))
        page = older(request, rows[-1].end if len(rows) == PAGE else None)
        return await self._shell.page(request, "repositories.html", change, repositories=rows, older=page)

    async def repository(self, request: Request) -> Response:
        change = await self._store.latest_change()
        number = number_in(request, "repository")
        row = await repository(self._numbers, number)
        if row is None:
            raise HTTPException(404, "Nothing has happened in such a repository.")
        return await self._shell.page(
            request,
            "repository.html",
            change,
            row=row,
            plots=await plots(self._numbers, request, self._clock(), scope=f"{REPOSITORIES}/{number}", reaches=HOURLY),
            pulls=await self._store.pulls(PULLS_SHOWN, still_open=True, repository_id=number),
        )
