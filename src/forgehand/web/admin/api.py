"""The same rows as JSON under `/admin/api`, for scripts: with a session or the admin token. Bodies are not given.

`reads` is the table of these routes; the OpenAPI document is made of it.
"""

import time
from collections.abc import Callable
from functools import cached_property

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.paging import Last
from forgehand.engine.queries import Findable, job_story, journey, merge_queues, pull_story
from forgehand.web.admin import answers as told
from forgehand.web.admin.number_api import NumberApi
from forgehand.web.admin.openapi import DOCUMENT, Query, Read, described, one_of
from forgehand.web.admin.pages import checked_id, chosen, number_in
from forgehand.web.admin.paging import PAGE, PAGED, before, last_of, limit, page
from forgehand.web.admin.pull_pages import ended_in, repository_in


class Api:
    def __init__(self, store: Findable, version: str, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._numbers = NumberApi(store, clock)
        self._version = version

    def routes(self) -> list[Route]:
        return [Route(DOCUMENT, self.document), *(each.route() for each in self.reads)]

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Every JSON route but the document's own."""
        return (
            Read("/admin/api/status", "Paused or not, the next due job, the change number.", told.Status, self.status),
            Read("/admin/api/deliveries", "Deliveries, newest first.", told.Deliveries, self.deliveries, PAGED),
            Read(
                "/admin/api/deliveries/{guid}",
                "One delivery's whole journey.",
                told.DeliveryWhole,
                self.delivery,
                absent="No such delivery is stored.",
            ),
            Read(
                "/admin/api/jobs",
                "Jobs, newest first.",
                told.Jobs,
                self.jobs,
                (Query("state", one_of(JobState), "Only those in this state."), *PAGED),
            ),
            Read(
                "/admin/api/jobs/{id}",
                "One job with its effects and facts.",
                told.JobWhole,
                self.job,
                (PAGE,),
                absent="There is no such job.",
            ),
            Read(
                "/admin/api/effects",
                "Effects, last written first.",
                told.Effects,
                self.effects,
                (Query("state", one_of(EffectState), "Only those in this state."), *PAGED),
            ),
            Read(
                "/admin/api/pulls",
                "Pull requests, last decided first.",
                told.Pulls,
                self.pulls,
                (
                    Query("state", {"type": "string", "enum": ["open", "ended"], "default": "open"}, "Open or ended."),
                    Query("repository", {"type": "integer", "minimum": 0}, "Only of the repository of this id."),
                    *PAGED,
                ),
            ),
            Read(
                "/admin/api/pulls/{repository}/{number}",
                "One pull request with its verdict and its jobs.",
                told.PullWhole,
                self.pull,
                absent="Nobody has decided about such a pull request.",
            ),
            Read("/admin/api/queues", "Merge queues, as the page shows them.", told.Queues, self.queues),
            *self._numbers.reads,
        )

    async def document(self, request: Request) -> Response:
        return JSONResponse(self._described)

    @cached_property
    def _described(self) -> dict[str, object]:
        return described(self.reads, self._version)

    async def status(self, request: Request) -> told.Status:
        store = self._store
        return told.Status(await store.paused(), await store.next_due(), await store.latest_change())

    async def deliveries(self, request: Request) -> told.Deliveries:
        rows = await self._store.deliveries(limit(request), before(request))
        last = Last(rows[-1].delivery.received_at, rows[-1].delivery.guid) if rows else None
        return told.Deliveries(tuple(map(told.delivery_row, rows)), last_of(last))

    async def delivery(self, request: Request) -> told.DeliveryWhole | None:
        found = await journey(self._store, checked_id(request, "guid"))
        return told.delivery_whole(found) if found else None

    async def jobs(self, request: Request) -> told.Jobs:
        rows = await self._store.jobs(limit(request), chosen(request, JobState), before(request))
        last = Last(rows[-1].created_at, rows[-1].id) if rows else None
        return told.Jobs(tuple(rows), last_of(last))

    async def job(self, request: Request) -> told.JobWhole | None:
        story = await job_story(self._store, checked_id(request, "id"), page(request))
        return told.job_whole(story) if story else None

    async def effects(self, request: Request) -> told.Effects:
        rows = await self._store.entries(limit(request), chosen(request, EffectState), before(request))
        last = Last(rows[-1].updated_at, rows[-1].slot) if rows else None
        return told.Effects(told.effect_rows(rows), last_of(last))

    async def pulls(self, request: Request) -> told.Pulls:
        ended, repository = ended_in(request), repository_in(request)
        rows = await self._store.pulls(
            limit(request), still_open=not ended, before=before(request), repository_id=repository
        )
        return told.Pulls(tuple(rows), last_of(rows[-1].last if rows else None))

    async def pull(self, request: Request) -> told.PullWhole | None:
        story = await pull_story(self._store, number_in(request, "repository"), number_in(request, "number"))
        return told.pull_whole(story) if story else None

    async def queues(self, request: Request) -> told.Queues:
        return told.Queues(await merge_queues(self._store))
