"""Numbers, failures, audits, dispatches and the search as JSON: rows of the table of `api`."""

from collections.abc import Callable
from functools import cached_property

from starlette.requests import Request

from forgehand.domain.facts import Trail
from forgehand.domain.paging import Last
from forgehand.domain.projections import ALL, REPOSITORIES, WORKERS
from forgehand.engine import queries
from forgehand.engine.queries import Findable
from forgehand.web.admin import number_answers as told
from forgehand.web.admin.openapi import Query, Read
from forgehand.web.admin.pages import checked_id, number_in
from forgehand.web.admin.paging import PAGED, before, last_of, limit
from forgehand.web.admin.plots import HOURLY, REACHES, Reach, plots
from forgehand.web.admin.search_page import LONGEST, asked_in


class NumberApi:
    def __init__(self, store: Findable, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        asked = Query("q", {"type": "string", "maxLength": LONGEST}, "What to look for.")
        return (
            Read(
                "/admin/api/overview",
                "What stands, how healthy it is, and the windows of late.",
                told.OverviewWhole,
                self.overview,
                (_show(REACHES),),
            ),
            Read("/admin/api/workers", "Workers, the last active first.", told.Workers, self.workers, PAGED),
            Read(
                "/admin/api/workers/{worker}",
                "One worker with its windows.",
                told.WorkerWhole,
                self.worker,
                (_show(REACHES),),
                absent="No worker of this name has done anything.",
            ),
            Read(
                "/admin/api/repositories",
                "Repositories, the last active first.",
                told.Repositories,
                self.repositories,
                PAGED,
            ),
            Read(
                "/admin/api/repositories/{repository}",
                "One repository with its windows.",
                told.RepositoryWhole,
                self.repository,
                (_show(HOURLY),),
                absent="Nothing has happened in such a repository.",
            ),
            Read("/admin/api/failures", "What did not succeed, newest first.", told.Failures, self.failures, PAGED),
            Read("/admin/api/audit", "What people asked for, newest first.", told.Audit, self.people, PAGED),
            Read(
                "/admin/api/audit/writes",
                "What came of everything that was to be written, newest first.",
                told.Audit,
                self.writes,
                PAGED,
            ),
            Read(
                "/admin/api/dispatches",
                "Runs that were to start workflows of other repositories, newest first.",
                told.Dispatches,
                self.dispatches,
                PAGED,
            ),
            Read(
                "/admin/api/dispatches/{run}",
                "One such run with its targets and what happened.",
                queries.DispatchStory,
                self.dispatch,
                absent="No such run was to start others, or it is no longer kept.",
            ),
            Read(
                "/admin/api/targets",
                "Workflows that other repositories start, the last active first.",
                told.Targets,
                self.targets,
                PAGED,
            ),
            Read("/admin/api/search", "What begins as asked.", queries.Found, self.search, (asked,)),
        )

    async def overview(self, request: Request) -> told.OverviewWhole:
        now = self._clock()
        return told.OverviewWhole.of(await queries.overview(self._store, now), await self._windows(request, ALL))

    async def workers(self, request: Request) -> told.Workers:
        rows = await queries.workers(self._store, limit(request), before(request))
        return told.Workers(rows, last_of(rows[-1].end if rows else None))

    async def worker(self, request: Request) -> told.WorkerWhole | None:
        name = checked_id(request, "worker")
        windows = await self._windows(request, f"{WORKERS}/{name}")
        row = await queries.worker(self._store, name)
        return told.WorkerWhole(row, windows) if row else None

    async def repositories(self, request: Request) -> told.Repositories:
        rows = await queries.repositories(self._store, limit(request), before(request))
        return told.Repositories(rows, last_of(rows[-1].end if rows else None))

    async def repository(self, request: Request) -> told.RepositoryWhole | None:
        number = number_in(request, "repository")
        windows = await self._windows(request, f"{REPOSITORIES}/{number}", HOURLY)
        row = await queries.repository(self._store, number)
        return told.RepositoryWhole(row, windows) if row else None

    async def failures(self, request: Request) -> told.Failures:
        rows = await queries.failures(self._store, limit(request), before(request))
        return told.Failures(rows, last_of(rows[-1].end if rows else None))

    async def people(self, request: Request) -> told.Audit:
        return await self._audit(request, Trail.PEOPLE)

    async def writes(self, request: Request) -> told.Audit:
        return await self._audit(request, Trail.WRITES)

    async def dispatches(self, request: Request) -> told.Dispatches:
        rows = await queries.dispatches(self._store, limit(request), before(request))
        return told.Dispatches(rows, last_of(rows[-1].end if rows else None))

    async def dispatch(self, request: Request) -> queries.DispatchStory | None:
        return await queries.dispatch_story(self._store, number_in(request, "run"))

    async def targets(self, request: Request) -> told.Targets:
        rows = await queries.targets(self._store, limit(request), before(request))
        return told.Targets(rows, last_of(rows[-1].end if rows else None))

    async def search(self, request: Request) -> queries.Found:
        return await queries.search(self._store, asked_in(request))

    async def _audit(self, request: Request, trail: Trail) -> told.Audit:
        facts = await self._store.audit(trail, limit(request), before(request))
        return told.Audit(tuple(facts), last_of(Last(facts[-1].at, facts[-1].id) if facts else None))

    async def _windows(
        self, request: Request, scope: str, reaches: tuple[Reach, ...] = REACHES
    ) -> tuple[told.WindowRow, ...]:
        shown = await plots(self._store, request, self._clock(), scope=scope, reaches=reaches)
        return tuple(map(told.window_row, shown.windows))


def _show(reaches: tuple[Reach, ...]) -> Query:
    names = [each.name for each in reaches]
    return Query("show", {"type": "string", "enum": names, "default": names[0]}, "How far back the windows reach.")
