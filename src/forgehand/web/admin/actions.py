"""What a signed-in person may do from a page: every action a POST with the session's CSRF token, then back to the page.

`engine.operations` does the work and writes who did it.
"""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgehand.engine.operations import Acted, Operations
from forgehand.web.admin.forms import CONTROL, fields, local
from forgehand.web.admin.pages import checked_id
from forgehand.web.admin.sessions import Session, Sessions

Act = Callable[[Request, dict[str, str], str], Awaitable[Acted]]


class Actions:
    def __init__(self, operations: Operations, sessions: Sessions) -> None:
        self._operations = operations
        self._sessions = sessions

    def routes(self) -> list[Route]:
        acts: dict[str, Act] = {
            "/admin/pause": self._pause,
            "/admin/resume": self._resume,
            "/admin/deliveries/{guid}/replay": self._replay,
            "/admin/jobs/{id}/retry": self._retry,
            "/admin/jobs/{id}/cancel": self._cancel,
            "/admin/effects/{slot}/settle": self._settle,
        }
        return [Route(path, self._guarded(act), methods=["POST"]) for path, act in acts.items()]

    def _guarded(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            session: Session = request.state.session
            form = await fields(request)
            if not self._sessions.csrf_holds(session, form.get("csrf", "")):
                raise HTTPException(403, "The form is from an older session: open the page again.")
            acted = await act(request, form, session.by)
            if not (acted.done and act == self._pause):  # The banner says it already.
                self._sessions.notify(session, acted.done, acted.says)
            return RedirectResponse(local(form.get("back")), 303)

        return handler

    async def _pause(self, request: Request, form: dict[str, str], by: str) -> Acted:
        return await self._operations.pause(by, CONTROL.sub("", form.get("why", "")).strip()[:200])

    async def _resume(self, request: Request, form: dict[str, str], by: str) -> Acted:
        return await self._operations.resume(by)

    async def _replay(self, request: Request, form: dict[str, str], by: str) -> Acted:
        return await self._operations.replay(checked_id(request, "guid"), by)

    async def _retry(self, request: Request, form: dict[str, str], by: str) -> Acted:
        return await self._operations.retry(checked_id(request, "id"), by)

    async def _cancel(self, request: Request, form: dict[str, str], by: str) -> Acted:
        return await self._operations.cancel(checked_id(request, "id"), by)

    async def _settle(self, request: Request, form: dict[str, str], by: str) -> Acted:
        verdict = form.get("verdict")
        if verdict not in ("happened", "again"):
            raise HTTPException(400, "verdict is happened or again.")
        return await self._operations.settle_effect(checked_id(request, "slot"), happened=verdict == "happened", by=by)
