"""The pages: overview, deliveries, jobs, effects. Each reads by key or one range, and works without JavaScript."""

import re
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.engine.queries import Journey, Pages, folded, job_story, journey, recent_journeys
from forgehand.web.admin.rendering import Rendering, content_parts
from forgehand.web.admin.sessions import Session, Sessions

PAGE = 25
ID = re.compile(r"[A-Za-z0-9._:@/-]{1,200}")
TROUBLES = 5

S = TypeVar("S", JobState, EffectState)


class PagesOfAdmin:
    """Handlers of every `GET` that gives HTML."""

    def __init__(self, store: Pages, rendering: Rendering, sessions: Sessions) -> None:
        self._store = store
        self._rendering = rendering
        self._sessions = sessions

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
        change = await self._store.latest_change()
        return await self._page(
            request,
            "overview.html",
            change,
            journeys=folded(await recent_journeys(self._store, PAGE)),
            dead=await self._store.jobs(TROUBLES, JobState.DEAD_LETTER),
            unknown=await self._store.entries(TROUBLES, EffectState.UNKNOWN),
        )

    async def deliveries(self, request: Request) -> Response:
        change = await self._store.latest_change()
        journeys = await recent_journeys(self._store, PAGE, before(request))
        older = journeys[-1].received.delivery.received_at if len(journeys) == PAGE else None
        return await self._page(request, "deliveries.html", change, journeys=folded(journeys), older=older)

    async def delivery(self, request: Request) -> Response:
        change = await self._store.latest_change()
        found = await journey(self._store, checked_id(request, "guid"))
        if found is None:
            raise HTTPException(404, "No such delivery is stored.")
        return await self._page(request, "delivery.html", change, journey=found, duties=duties(found))

    async def jobs(self, request: Request) -> Response:
        change = await self._store.latest_change()
        state = chosen(request, JobState)
        jobs = await self._store.jobs(PAGE, state, before(request))
        older = jobs[-1].created_at if len(jobs) == PAGE else None
        return await self._page(
            request, "jobs.html", change, jobs=jobs, state=state, states=list(JobState), older=older
        )

    async def job(self, request: Request) -> Response:
        change = await self._store.latest_change()
        story = await job_story(self._store, checked_id(request, "id"))
        if story is None:
            raise HTTPException(404, "There is no such job.")
        return await self._page(request, "job.html", change, story=story)

    async def effects(self, request: Request) -> Response:
        change = await self._store.latest_change()
        state = chosen(request, EffectState)
        effects = await self._store.entries(PAGE, state, before(request))
        older = effects[-1].updated_at if len(effects) == PAGE else None
        return await self._page(
            request, "effects.html", change, effects=effects, state=state, states=list(EffectState), older=older
        )

    async def effect(self, request: Request) -> Response:
        change = await self._store.latest_change()
        entry = await self._store.entry(checked_id(request, "slot"))
        if entry is None:
            raise HTTPException(404, "No such effect is known.")
        return await self._page(request, "effect.html", change, entry=entry)

    async def failed(self, request: Request, status: int, says: str) -> Response:
        """The page of an error; it reads nothing, since the store may be what failed."""
        session: Session | None = request.scope.get("state", {}).get("session")
        text = self._rendering.text("error.html", status=status, says=says, signed_in=session is not None)
        return HTMLResponse(text, status)

    async def _page(self, request: Request, template: str, change: int, **values: Any) -> Response:
        session: Session = request.state.session
        # The page fetches itself again when something changes; a sentence meant for a person waits for the person.
        live = request.headers.get("x-live") == "1"
        text = self._rendering.text(
            template,
            change=change,
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            at=request.url.path,
            pause=await self._store.paused(),
            csrf=self._sessions.csrf(session),
            by=session.by,
            notice=None if live else self._sessions.take_notice(session),
            parts=content_parts,
            **values,
        )
        return HTMLResponse(text)


def duties(found: Journey) -> dict[str, LedgerEntry]:
    """The effects of a journey by slot: what its facts refer to."""
    return {effect.slot: effect for each in found.jobs for effect in each.effects}


def checked_id(request: Request, name: str) -> str:
    value: str = request.path_params[name]
    if not ID.fullmatch(value):
        raise HTTPException(404, "No id looks like this.")
    return value


def before(request: Request) -> float | None:
    """`?before=`: the time of the last row of the page before, in epoch seconds."""
    value = request.query_params.get("before")
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", value):
        raise HTTPException(400, "before= is a time in epoch seconds.")
    return float(value)


def chosen(request: Request, states: type[S]) -> S | None:
    """`?state=`, or None for all."""
    value = request.query_params.get("state")
    if not value:
        return None
    try:
        return states(value)
    except ValueError:
        raise HTTPException(400, f"state= is one of: {', '.join(states)}.") from None
