"""The pages of pull requests and merge queues. They show what was decided and why; nothing is repaired from here."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgehand.engine.queries import Pages, merge_queues, pull_story
from forgehand.web.admin.pages import PAGE, number_in
from forgehand.web.admin.paging import before, older
from forgehand.web.admin.shell import Shell

LATELY = 5
"""So many of those that ended follow the first page of those that are open."""


class PullPages:
    def __init__(self, store: Pages, shell: Shell) -> None:
        self._store = store
        self._shell = shell

    def routes(self) -> list[Route]:
        return [
            Route("/admin/pulls", self.pulls),
            Route("/admin/pulls/{repository}/{number}", self.pull),
            Route("/admin/queues", self.queues),
        ]

    async def pulls(self, request: Request) -> Response:
        change = await self._store.latest_change()
        repository, ended = repository_in(request), ended_in(request)
        since = before(request)
        pulls = await self._store.pulls(PAGE, still_open=not ended, before=since, repository_id=repository)
        lately = []
        if not ended and since is None:
            lately = await self._store.pulls(LATELY, still_open=False, repository_id=repository)
        return await self._shell.page(
            request,
            "pulls.html",
            change,
            pulls=pulls,
            lately=lately,
            ended=ended,
            repository=repository,
            name=next((each.repo.full_name for each in [*pulls, *lately]), "") if repository else "",
            older=older(request, pulls[-1].last if len(pulls) == PAGE else None),
        )

    async def pull(self, request: Request) -> Response:
        change = await self._store.latest_change()
        story = await pull_story(self._store, number_in(request, "repository"), number_in(request, "number"))
        if story is None:
            raise HTTPException(404, "Nobody has decided about such a pull request.")
        return await self._shell.page(request, "pull.html", change, story=story)

    async def queues(self, request: Request) -> Response:
        change = await self._store.latest_change()
        return await self._shell.page(request, "queues.html", change, queues=await merge_queues(self._store))


def repository_in(request: Request) -> int | None:
    """`?repository=`, by GitHub's id of it; None for all."""
    value = request.query_params.get("repository")
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise HTTPException(400, "repository= is the id of a repository.")
    return int(value)


def ended_in(request: Request) -> bool:
    """`?state=open`, the default, or `ended`."""
    value = request.query_params.get("state") or "open"
    if value not in ("open", "ended"):
        raise HTTPException(400, "state= is one of: open, ended.")
    return value == "ended"
