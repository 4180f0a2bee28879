"""The pages: overview, deliveries, jobs, effects. Each reads by key or one range, and works without JavaScript."""

import re
from collections.abc import Callable
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState
from forgehand.domain.paging import Last
from forgehand.engine.queries import (
    Journey,
    Numbers,
    Pages,
    folded,
    job_story,
    journey,
    latest_journeys,
    overview,
    recent_journeys,
    timeline,
)
from forgehand.web.admin.paging import before, older, page
from forgehand.web.admin.plots import plots
from forgehand.web.admin.shell import Shell

PAGE = 25
LATELY = 10
"""Deliveries on the overview, or a few more."""
ID = re.compile(r"[A-Za-z0-9._:@/-]{1,200}")
TROUBLES = 5

S = TypeVar("S", JobState, EffectState)


class PagesOfAdmin:
    """Handlers of the overview, and of what came, ran and was written."""

    def __init__(self, store: Pages, numbers: Numbers, shell: Shell, clock: Callable[[], float]) -> None:
        self._store = store
        self._numbers = numbers
        self._shell = shell
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("/admin", self.overview),
            Route("/admin/deliveries", self.deliveries),
            Route("/admin/deliveries/{guid}", self.delivery),
            Route("/admin/jobs", self.jobs),
            Route("/admin/jobs/{id}", self.job),
            Route("/admin/effects", self.effects),
            Route("/admin/effects/{slot}", self.effect),
        ]

    async def overview(self, request: Request) -> Response:
        change, now = await self._store.latest_change(), self._clock()
        return await self._shell.page(
            request,
            "overview.html",
            change,
            journeys=folded(await latest_journeys(self._store, LATELY)),
            dead=await self._store.jobs(TROUBLES, JobState.DEAD_LETTER),
            unknown=await self._store.entries(TROUBLES, EffectState.UNKNOWN),
            overview=await overview(self._numbers, now),
            plots=await plots(self._numbers, request, now),
        )

    async def deliveries(self, request: Request) -> Response:
        change = await self._store.latest_change()
        journeys = await recent_journeys(self._store, PAGE, before(request))
        page = older(request, _last_delivery(journeys[-1]) if len(journeys) == PAGE else None)
        return await self._shell.page(request, "deliveries.html", change, journeys=folded(journeys), older=page)

    async def delivery(self, request: Request) -> Response:
        change = await self._store.latest_change()
        found = await journey(self._store, checked_id(request, "guid"))
        if found is None:
            raise HTTPException(404, "No such delivery is stored.")
        return await self._shell.page(
            request, "delivery.html", change, journey=found, timeline=timeline(found, self._clock())
        )

    async def jobs(self, request: Request) -> Response:
        change = await self._store.latest_change()
        state = chosen(request, JobState)
        jobs = await self._store.jobs(PAGE, state, before(request))
        page = older(request, Last(jobs[-1].created_at, jobs[-1].id) if len(jobs) == PAGE else None)
        return await self._shell.page(
            request, "jobs.html", change, jobs=jobs, state=state, states=list(JobState), older=page
        )

    async def job(self, request: Request) -> Response:
        change = await self._store.latest_change()
        story = await job_story(self._store, checked_id(request, "id"), page(request))
        if story is None:
            raise HTTPException(404, "There is no such job.")
        return await self._shell.page(request, "job.html", change, story=story)

    async def effects(self, request: Request) -> Response:
        change = await self._store.latest_change()
        state = chosen(request, EffectState)
        effects = await self._store.entries(PAGE, state, before(request))
        page = older(request, Last(effects[-1].updated_at, effects[-1].slot) if len(effects) == PAGE else None)
        return await self._shell.page(
            request,
            "effects.html",
            change,
            effects=effects,
            state=state,
            states=list(EffectState),
            older=page,
        )

    async def effect(self, request: Request) -> Response:
        change = await self._store.latest_change()
        entry = await self._store.entry(checked_id(request, "slot"))
        if entry is None:
            raise HTTPException(404, "No such effect is known.")
        return await self._shell.page(request, "effect.html", change, entry=entry)


def _last_delivery(found: Journey) -> Last:
    return Last(found.received.delivery.received_at, found.received.delivery.guid)


def checked_id(request: Request, name: str) -> str:
    value: str = request.path_params[name]
    if not ID.fullmatch(value):
        raise HTTPException(404, "No id looks like this.")
    return value


def number_in(request: Request, name: str) -> int:
    value: str = request.path_params[name]
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise HTTPException(404, "No number looks like this.")
    return int(value)


def chosen(request: Request, states: type[S]) -> S | None:
    """`?state=`, or None for all."""
    value = request.query_params.get("state")
    if not value:
        return None
    try:
        return states(value)
    except ValueError:
        raise HTTPException(400, f"state= is one of: {', '.join(states)}.") from None
