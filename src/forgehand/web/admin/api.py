"""The same rows as JSON under `/admin/api`, for scripts: with a session or the admin token. Bodies are not given."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forgehand.domain.jobs import JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.domain.rulings import to_json
from forgehand.engine.queries import JobStory, Pages, exactness, job_story, journey, merge_queues, pull_story
from forgehand.ports.store import StoredDelivery
from forgehand.web.admin.pages import checked_id, chosen, number_in
from forgehand.web.admin.paging import before, written
from forgehand.web.admin.pull_pages import ended_in, repository_in

MAX_ROWS = 100


class Api:
    def __init__(self, store: Pages) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/admin/api/status", self.status),
            Route("/admin/api/deliveries", self.deliveries),
            Route("/admin/api/deliveries/{guid}", self.delivery),
            Route("/admin/api/jobs", self.jobs),
            Route("/admin/api/jobs/{id}", self.job),
            Route("/admin/api/effects", self.effects),
            Route("/admin/api/pulls", self.pulls),
            Route("/admin/api/pulls/{repository}/{number}", self.pull),
            Route("/admin/api/queues", self.queues),
        ]

    async def status(self, request: Request) -> Response:
        pause = await self._store.paused()
        due = await self._store.next_due(0.0)
        return JSONResponse({"paused": plain(pause), "next_due": due, "change": await self._store.latest_change()})

    async def deliveries(self, request: Request) -> Response:
        rows = await self._store.deliveries(limit(request), before(request))
        last = Last(rows[-1].delivery.received_at, rows[-1].delivery.guid) if rows else None
        return JSONResponse({"deliveries": [_delivery(each) for each in rows], "last": _written(last)})

    async def delivery(self, request: Request) -> Response:
        found = await journey(self._store, checked_id(request, "guid"))
        if found is None:
            raise HTTPException(404, "No such delivery is stored.")
        return JSONResponse(
            {
                **_delivery(found.received),
                "repository": found.repository,
                "action": found.action,
                "nothing": found.nothing,
                "planned": plain(found.planned),
                "jobs": [
                    {
                        **plain(each.job),
                        "effects": [_effect(entry) for entry in each.effects],
                        "overtaken": plain(each.overtaken),
                    }
                    for each in found.jobs
                ],
                "facts": plain(found.facts),
            }
        )

    async def jobs(self, request: Request) -> Response:
        rows = await self._store.jobs(limit(request), chosen(request, JobState), before(request))
        last = Last(rows[-1].created_at, rows[-1].id) if rows else None
        return JSONResponse({"jobs": plain(rows), "last": _written(last)})

    async def job(self, request: Request) -> Response:
        story = await job_story(self._store, checked_id(request, "id"))
        if story is None:
            raise HTTPException(404, "There is no such job.")
        return JSONResponse(_story(story))

    async def effects(self, request: Request) -> Response:
        rows = await self._store.entries(limit(request), chosen(request, EffectState), before(request))
        last = Last(rows[-1].updated_at, rows[-1].slot) if rows else None
        return JSONResponse({"effects": [_effect(each) for each in rows], "last": _written(last)})

    async def pulls(self, request: Request) -> Response:
        ended, repository = ended_in(request), repository_in(request)
        rows = await self._store.pulls(
            limit(request), still_open=not ended, before=before(request), repository_id=repository
        )
        return JSONResponse({"pulls": plain(rows), "last": _written(rows[-1].last if rows else None)})

    async def pull(self, request: Request) -> Response:
        story = await pull_story(self._store, number_in(request, "repository"), number_in(request, "number"))
        if story is None:
            raise HTTPException(404, "Nobody has decided about such a pull request.")
        verdict = story.verdict
        told = {**plain(verdict), "ruling": to_json(verdict.ruling)} if verdict else None
        return JSONResponse({**plain(story.pull), "verdict": told, "jobs": [_story(each) for each in story.jobs]})

    async def queues(self, request: Request) -> Response:
        return JSONResponse({"queues": plain(await merge_queues(self._store))})


def limit(request: Request) -> int:
    """`?limit=`, 1 to 100; 25 without."""
    value = request.query_params.get("limit", "25")
    if not value.isdecimal() or len(value) > 9 or not 1 <= int(value) <= MAX_ROWS:
        raise HTTPException(400, f"limit= is a number from 1 to {MAX_ROWS}.")
    return int(value)


def plain(value: Any) -> Any:
    """Values of the domain as JSON: objects by their field names."""
    if isinstance(value, StrEnum):
        return str(value)
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def _delivery(stored: StoredDelivery) -> dict[str, Any]:
    delivery = stored.delivery
    return {
        "guid": delivery.guid,
        "event": delivery.event,
        "received_at": delivery.received_at,
        "duplicates": stored.duplicates,
    }


def _written(last: Last | None) -> str | None:
    """What `?before=` takes for what follows this row."""
    return written(last) if last else None


def _story(story: JobStory) -> dict[str, Any]:
    effects = [_effect(entry) for entry in story.effects]
    told = {"effects": effects, "overtaken": plain(story.overtaken), "facts": plain(story.facts)}
    return {**plain(story.job), **told}


def _effect(entry: LedgerEntry) -> dict[str, Any]:
    return {**plain(entry), "exactness": exactness(entry.kind)}
