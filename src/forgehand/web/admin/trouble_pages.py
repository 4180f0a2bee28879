"""The pages of what went wrong: dead letters and unknown effects, which wait for a person, and failures."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.paging import Last
from forgehand.engine.queries import Numbers, Pages, failures
from forgehand.web.admin.pages import PAGE
from forgehand.web.admin.paging import before, older
from forgehand.web.admin.shell import Shell


class TroublePages:
    def __init__(self, store: Pages, numbers: Numbers, shell: Shell) -> None:
        self._store = store
        self._numbers = numbers
        self._shell = shell

    def routes(self) -> list[Route]:
        return [
            Route("/admin/dead-letters", self.dead_letters),
            Route("/admin/unknown-effects", self.unknown_effects),
            Route("/admin/failures", self.failures),
        ]

    async def dead_letters(self, request: Request) -> Response:
        change = await self._store.latest_change()
        jobs = await self._store.jobs(PAGE, JobState.DEAD_LETTER, before(request))
        page = older(request, Last(jobs[-1].created_at, jobs[-1].id) if len(jobs) == PAGE else None)
        return await self._shell.page(request, "dead_letters.html", change, jobs=jobs, older=page)

    async def unknown_effects(self, request: Request) -> Response:
        change = await self._store.latest_change()
        effects = await self._store.entries(PAGE, EffectState.UNKNOWN, before(request))
        page = older(request, Last(effects[-1].updated_at, effects[-1].slot) if len(effects) == PAGE else None)
        return await self._shell.page(request, "unknown_effects.html", change, effects=effects, older=page)

    async def failures(self, request: Request) -> Response:
        change = await self._store.latest_change()
        rows = await failures(self._numbers, PAGE, before(request))
        page = older(request, rows[-1].end if len(rows) == PAGE else None)
        return await self._shell.page(request, "failures.html", change, failures=rows, older=page)
