"""What every page has around its content: who is signed in, whether writes are paused, the change it shows. Used by
pages.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from forgehand.engine.queries import Pages
from forgehand.web.admin.navigation import SECTIONS, section_of
from forgehand.web.admin.rendering import Rendering, content_parts
from forgehand.web.admin.sessions import Session, Sessions


class Shell:
    def __init__(self, store: Pages, rendering: Rendering, sessions: Sessions) -> None:
        self._store = store
        self._rendering = rendering
        self._sessions = sessions

    async def page(self, request: Request, template: str, change: int, **values: Any) -> Response:
        """`change` is the number that was the store's before `values` were read."""
        session: Session = request.state.session
        section = section_of(request.url.path)
        # The page fetches itself again when something changes; a sentence meant for a person waits for the person.
        live = request.headers.get("x-live") == "1"
        text = self._rendering.text(
            template,
            change=change,
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            sections=SECTIONS,
            section=section,
            at=section.page_of(request.url.path) if section else None,
            pause=await self._store.paused(),
            csrf=self._sessions.csrf(session),
            by=session.by,
            notice=None if live else self._sessions.take_notice(session),
            parts=content_parts,
            **values,
        )
        return HTMLResponse(text)

    def failed(self, request: Request, status: int, says: str) -> Response:
        """The page of an error; it reads nothing, since the store may be what failed."""
        session: Session | None = request.scope.get("state", {}).get("session")
        text = self._rendering.text("error.html", status=status, says=says, signed_in=session is not None)
        return HTMLResponse(text, status)
