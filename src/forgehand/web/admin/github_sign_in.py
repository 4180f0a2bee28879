"""Signing in by GitHub, where it is configured: there by a link, back with a code. Used by `app`.

What was begun travels in a sealed cookie of the browser that began it, so that nobody can be signed in by somebody
else's link. Where the operator's FORGEHAND_SECRET_KEY seals it, a restart in between or a second server does no harm.
PKCE keeps a code worthless for whoever sees it.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from forgehand.ports.github import GitHubError, Throttled, Unreachable
from forgehand.ports.sign_in import People, Person
from forgehand.web.admin.forms import local
from forgehand.web.admin.guard import GITHUB_DONE, GITHUB_DOOR, client_name, cookie_name
from forgehand.web.admin.rendering import Rendering
from forgehand.web.admin.sessions import Sessions
from forgehand.web.admin.sign_in import SignIn

log = structlog.get_logger(__name__)

BEGUN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may come in by GitHub: people by login, and whoever belongs to a circle (`acme`, or `acme/platform`)."""

    logins: frozenset[str]
    circles: tuple[str, ...]

    def admits(self, person: Person) -> bool:
        return person.login.casefold() in {each.casefold() for each in self.logins} or bool(person.circles)


@dataclass(frozen=True, slots=True)
class ByGitHub:
    """Where people come from, and who of them may enter."""

    people: People
    admitted: Admitted


class GitHubSignIn:
    """Ends where every other way in does: at `sign_in`."""

    def __init__(
        self,
        github: ByGitHub,
        sign_in: SignIn,
        sessions: Sessions,
        rendering: Rendering,
        clock: Callable[[], float],
    ) -> None:
        self._github = github
        self._sign_in = sign_in
        self._sessions = sessions
        self._rendering = rendering
        self._clock = clock

    def routes(self) -> list[Route]:
        return [Route(GITHUB_DOOR, self.leave), Route(GITHUB_DONE, self.come_back)]

    async def leave(self, request: Request) -> Response:
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        begun = [state, verifier, local(request.query_params.get("next")), self._clock() + BEGUN_SECONDS]
        answer = RedirectResponse(self._github.people.door(state, _challenge(verifier)), 303)
        answer.set_cookie(
            _cookie(request),
            self._sessions.seal("github", begun),
            max_age=BEGUN_SECONDS,
            httponly=True,
            # GitHub sends the browser back: a strict cookie would not come with it.
            samesite="lax",
            secure=self._sign_in.over_tls(request),
            path=GITHUB_DONE,
        )
        return answer

    async def come_back(self, request: Request) -> Response:
        begun = self._sessions.unseal("github", request.cookies.get(_cookie(request)))
        state = request.query_params.get("state", "")
        if begun is None or begun[3] < self._clock() or not secrets.compare_digest(begun[0].encode(), state.encode()):
            return self._missed(request, "This browser did not begin to sign in, or took too long: try again.")
        if request.query_params.get("error"):
            return self._no("GitHub says that you did not agree.")
        try:
            code = request.query_params.get("code", "")
            person = await self._github.people.who(code, begun[1], self._github.admitted.circles)
        except GitHubError as error:
            log.warning("sign_in.failed", why=error.why)
            said = f"GitHub did not say who you are: {error.why}"
            return self._no(said) if isinstance(error, Throttled | Unreachable) else self._missed(request, said)
        if not self._github.admitted.admits(person):
            log.warning("sign_in.refused", login=person.login, client=client_name(request.scope))
            return self._missed(request, f"{person.login} may not come in: the operator says who may.")
        return await self._enter(request, person, begun[2])

    async def _enter(self, request: Request, person: Person, next_: str) -> Response:
        session = self._sessions.begin(f"{person.login} (GitHub)")
        # Our own page asks for what comes next: a request that GitHub's page began does not carry the strict cookie.
        answer = HTMLResponse(self._rendering.text("continue.html", here=next_))
        welcome = await self._sign_in.enter(request, session, answer)
        welcome.delete_cookie(_cookie(request), path=GITHUB_DONE, httponly=True, samesite="lax")
        return welcome

    def _missed(self, request: Request, why: str) -> Response:
        return self._sign_in.missed(request, "/admin", why)

    def _no(self, why: str) -> Response:
        return self._sign_in.show("", "/admin", why, 403)


def _cookie(request: Request) -> str:
    return f"{cookie_name(request.scope)}-github"


def _challenge(verifier: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc7636#section-4.2"""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
