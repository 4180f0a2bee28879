"""Signing in and out. Opening a one-time link shows a button, and only pressing it uses the link up: previews of chat
programs open links too.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from forgehand.engine.sign_ins import SignIns
from forgehand.web.admin.forms import fields, local
from forgehand.web.admin.guard import GITHUB_DOOR, client_name, cookie_name
from forgehand.web.admin.rendering import Rendering
from forgehand.web.admin.sessions import Session, Sessions


class SignIn:
    """`secure` sets the cookie's Secure flag even where TLS ends at a proxy before us. `by_github`: that way is open
    too, and the page names it."""

    def __init__(
        self, sessions: Sessions, sign_ins: SignIns, rendering: Rendering, *, secure: bool, by_github: bool = False
    ) -> None:
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._rendering = rendering
        self._secure = secure
        self._github_door = GITHUB_DOOR if by_github else ""

    def routes(self) -> list[Route]:
        return [
            Route("/admin/sign-in", self.page),
            Route("/admin/sign-in", self.sign_in, methods=["POST"]),
            Route("/admin/sign-out", self.sign_out, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        return self.show(request.query_params.get("token", ""), local(request.query_params.get("next")))

    async def sign_in(self, request: Request) -> Response:
        form = await fields(request)
        link, token, next_ = form.get("token", ""), form.get("admin_token", ""), local(form.get("next"))
        session = await self._by_link(link) if link else self._sessions.sign_in_by_token(token)
        if session is None:
            return self._refused(request, next_, link=bool(link))
        return await self.enter(request, session, RedirectResponse(next_, 303))

    async def sign_out(self, request: Request) -> Response:
        session: Session = request.state.session
        if not self._sessions.csrf_holds(session, (await fields(request)).get("csrf", "")):
            raise HTTPException(403, "The form is from an older session: open the page again.")
        self._sessions.sign_out(session)
        goodbye = RedirectResponse("/admin/sign-in", 303)
        goodbye.delete_cookie(cookie_name(request.scope), path="/", httponly=True, samesite="strict")
        return goodbye

    async def enter(self, request: Request, session: Session, answer: Response) -> Response:
        """The answer, with the cookie of a session that begins; that it did is written down."""
        await self._sign_ins.signed_in(session.by, session.id, client_name(request.scope))
        answer.set_cookie(
            cookie_name(request.scope),
            self._sessions.cookie(session),
            httponly=True,
            samesite="strict",
            secure=self.over_tls(request),
            path="/",
        )
        return answer

    def missed(self, request: Request, next_: str, why: str) -> Response:
        """A no that counts as a guess, so that a client which tries on and on is seen and slowed."""
        wait = self._sessions.missed(client_name(request.scope))
        if not wait:
            return self.show("", next_, why, 403)
        answer = self.show("", next_, "Too many wrong tries: wait a few minutes.", 429)
        answer.headers["retry-after"] = str(int(wait) + 1)
        return answer

    def over_tls(self, request: Request) -> bool:
        """Whether browsers may be told to keep a cookie off plain HTTP."""
        return self._secure or request.url.scheme == "https"

    def show(self, link: str, next_: str, wrong: str = "", status: int = 200) -> Response:
        """The page; `wrong` is said at its top."""
        text = self._rendering.text(
            "sign_in.html",
            link=link[:200],
            next=next_,
            wrong=wrong,
            takes_token=self._sessions.takes_token,
            github_door=self._github_door,
        )
        return HTMLResponse(text, status)

    async def _by_link(self, link: str) -> Session | None:
        """By one that this process printed, or another one made in the store."""
        if session := self._sessions.sign_in_by_link(link):
            return session
        made_by = await self._sign_ins.take_link(link)
        return self._sessions.begin(f"link of {made_by}") if made_by else None

    def _refused(self, request: Request, next_: str, *, link: bool) -> Response:
        """Links have 256 random bits: guessing them needs no brake, and a brake would lock out who shares an address
        with a stranger. For the same reason the right token always signs in."""
        if link:
            return self.show("", next_, "This link was used already or is too old.", 403)
        return self.missed(request, next_, "That is not the admin token.")
