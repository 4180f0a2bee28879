"""Who may look: one-time links, the admin token, signed cookies, CSRF tokens, and a brake on guessing.

Pure but for its memory and a line of log: the clock and the secret arrive as arguments. Used by `guard` and `sign_in`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

K = TypeVar("K")
V = TypeVar("V")

MAX_REMEMBERED = 1024
"""Links, revoked sessions, notices and guessing clients kept at most; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `by` names them in the audit; `id` is random; `expires` is epoch seconds."""

    id: str
    by: str
    expires: float


class Sessions:
    """`secret` signs cookies: random per start (sessions end with the process) or the operator's; then they outlast it
    and hold on every server that has it. Who signs out is forgotten by the browser, and refused by this process until
    the session's own end. `admin_token` is the other way in, absent unless set. A client gets `guesses` wrong tries per
    `guess_window` seconds; the right one is taken even then, so that nobody can lock the operator out."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        secret: bytes | None = None,
        admin_token: str | None = None,
        link_seconds: float = 900.0,
        session_seconds: float = 12 * 3600.0,
        guesses: int = 10,
        guess_window: float = 300.0,
    ) -> None:
        self._clock = clock
        self._secret = secret or secrets.token_bytes(32)
        self._admin_token = admin_token or None
        self._link_seconds = link_seconds
        self._session_seconds = session_seconds
        self._guesses = guesses
        self._guess_window = guess_window
        self._links: OrderedDict[bytes, float] = OrderedDict()
        self._revoked: OrderedDict[str, float] = OrderedDict()
        self._misses: OrderedDict[str, deque[float]] = OrderedDict()
        self._notices: OrderedDict[str, tuple[bool, str]] = OrderedDict()

    @property
    def takes_token(self) -> bool:
        return self._admin_token is not None

    def new_link(self) -> str:
        """A token that signs one person in, once, within `link_seconds`."""
        token = secrets.token_urlsafe(32)
        _remember(self._links, _digest(token), self._clock() + self._link_seconds)
        return token

    def sign_in_by_link(self, token: str) -> Session | None:
        """A session, and the link is used up; None for one that is unknown, used or too old."""
        expires = self._links.pop(_digest(token), None)
        if expires is None or expires < self._clock():
            return None
        return self.begin("operator (one-time link)")

    def sign_in_by_token(self, token: str) -> Session | None:
        return self.begin("operator (admin token)") if self.is_admin_token(token) else None

    def begin(self, by: str) -> Session:
        """A session of somebody who has proved who they are."""
        return Session(secrets.token_hex(16), by, self._clock() + self._session_seconds)

    def is_admin_token(self, token: str) -> bool:
        """Compared in constant time; False where no admin token is set."""
        return self._admin_token is not None and hmac.compare_digest(_digest(token), _digest(self._admin_token))

    def cookie(self, session: Session) -> str:
        """The session as a signed cookie value."""
        return self.seal("session", [session.id, session.by, session.expires])

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie that we signed, that has not expired and was not signed out."""
        claims = self.unseal("session", cookie)
        if claims is None:
            return None
        session = Session(*claims)
        return None if session.expires < self._clock() or session.id in self._revoked else session

    def sign_out(self, session: Session) -> None:
        _remember(self._revoked, session.id, session.expires)

    def seal(self, purpose: str, claims: list[Any]) -> str:
        """Claims as text that a browser may keep and cannot change."""
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        return f"{payload}.{self._sign(purpose, payload)}"

    def unseal(self, purpose: str, text: str | None) -> list[Any] | None:
        """The claims that we sealed for this purpose; None for anything else."""
        payload, _, signature = (text or "").partition(".")
        if not payload or not hmac.compare_digest(self._sign(purpose, payload).encode(), signature.encode()):
            return None
        try:
            claims: list[Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, binascii.Error):
            return None
        return claims

    def csrf(self, session: Session) -> str:
        """What every form of this session carries."""
        return self._sign("csrf", session.id)

    def csrf_holds(self, session: Session, given: str) -> bool:
        return hmac.compare_digest(self.csrf(session).encode(), given.encode())

    def missed(self, client: str) -> float:
        """Count a wrong try of this client: an admin token, or a way back from GitHub. Gives the seconds until its next
        one is more than too many: 0.0 while it has guesses left."""
        since = self._clock() - self._guess_window
        misses = self._misses.pop(client, None) or deque[float](maxlen=self._guesses)
        _remember(self._misses, client, misses)
        while misses and misses[0] <= since:
            misses.popleft()
        if len(misses) >= self._guesses:
            return misses[0] - since
        misses.append(self._clock())
        if len(misses) == self._guesses:
            log.warning("many wrong tries to sign in", client=client, tries=self._guesses, seconds=self._guess_window)
        return 0.0

    def notify(self, session: Session, done: bool, says: str) -> None:
        """Keep a sentence for the next page that this session opens."""
        _remember(self._notices, session.id, (done, says))

    def take_notice(self, session: Session) -> tuple[bool, str] | None:
        return self._notices.pop(session.id, None)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def link_path(token: str) -> str:
    """The path and query that a one-time link has after scheme, host and port."""
    return f"/admin/sign-in?token={token}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    while len(kept) > MAX_REMEMBERED:
        kept.popitem(last=False)
