"""The one HTTP client for GitHub's REST API. Assembly opens it once per process; everything in this folder uses it.

githubkit brings what is its strength without typed models: the App's JWT, the client's configuration and the throttle
on concurrent requests. Three of its habits are replaced, each for a reason:

- it retries POST on 5xx, which doubles comments: here only GETs are repeated, a few times and briefly;
- it adds installation tokens by itself, for whole installations and by way of models that cost 100 MB: here every call
  brings its own down-scoped token (`tokens`);
- it keeps its open client in a context variable, so that tasks which did not descend from the opening one would each
  build a client of their own (25 ms): here one client is held by the object.

Its HTTP cache is off: it would keep bodies of private repositories in one place for all tokens. Conditional requests
are made where the caller holds the ETag.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import httpx
import stamina
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from githubkit.auth import AppAuthStrategy, BaseAuthStrategy
from githubkit.auth.app import AppAuth
from githubkit.cache import MemCacheStrategy
from githubkit.core import GitHubCore
from githubkit.exception import RequestError, RequestFailed, RequestTimeout
from githubkit.throttling import LocalThrottler

from forgehand.adapters.github.errors import Actor, Refusal, error_of, skew_of
from forgehand.ports.github import NotPermitted, Throttled, Token, TooLate, Unprocessable, Unreachable
from forgehand.ports.traces import SILENT, Traces

log = logging.getLogger(__name__)

API_VERSION = "2022-11-28"
WHENEVER = float("inf")

As = Token | Literal[Actor.APP, Actor.NOBODY]
"""As whom to call: with an installation's (or a person's) token, as the App itself, or as nobody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx or 304. `next_path` is the page after this one, below the API's root; `skew` our clock minus GitHub's."""

    status: int
    data: Any
    headers: Mapping[str, str]
    next_path: str | None
    skew: float | None

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")


class GitHub:
    """GitHub, reached through one App (`app_id` is its id or client id) or, with neither id nor key, with tokens only.

    `answer_seconds` is how long one answer may take. The gate's lease allows for the same time, so keep them equal.
    Raises NotPermitted where the private key is no key, ValueError where the address would send tokens in clear.
    """

    def __init__(
        self,
        api_url: str = "https://api.github.com",
        *,
        app_id: int | str | None = None,
        private_key: str | None = None,
        slug: str | None = None,
        user_agent: str = "forgehand",
        clock: Callable[[], float] = time.time,
        answer_seconds: float = 10.0,
        concurrency: int = 16,
        attempts: int = 3,
        pause: float = 0.2,
        transport: httpx.AsyncBaseTransport | None = None,
        traces: Traces = SILENT,
    ) -> None:
        self.api_url = _checked_url(api_url)
        self.clock = clock
        self.app_id = str(app_id) if app_id else ""
        self.slug = slug or None
        self._answer_seconds = answer_seconds
        self._attempts = attempts
        self._pause = pause
        self._traces = traces
        self._lanes: dict[int, asyncio.Lock] = {}
        self._closed_until: dict[tuple[int, str], float] = {}
        """A lane, and the one address that is closed or all of them, to the time until when."""
        self._core = _Core(
            _PerCall(_app_auth(self.app_id, private_key)),
            base_url=self.api_url,
            user_agent=user_agent,
            timeout=answer_seconds,
            async_transport=transport,
            async_event_hooks={"request": [_last_look]},
            # Its own: the default one is shared by all clients and keyed by the App's id alone.
            cache_strategy=MemCacheStrategy(),
            http_cache=False,
            throttler=LocalThrottler(concurrency),
            auto_retry=False,
        )

    @property
    def web_url(self) -> str:
        """Where people see what this API shows: https://github.com, or the Enterprise Server itself."""
        url = httpx.URL(self.api_url)
        if url.host == "api.github.com":
            return "https://github.com"
        if url.host.startswith("api.") and url.host.endswith(".ghe.com"):
            return f"https://{url.host.removeprefix('api.')}"
        return str(url.copy_with(raw_path=b"/")).rstrip("/")

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is answered: beside REST's root, which on an Enterprise Server ends in `/v3`.
        https://docs.github.com/en/enterprise-server@3.17/graphql/guides/forming-calls-with-graphql"""
        return f"{self.api_url.removesuffix('/v3')}/graphql"

    async def aopen(self) -> None:
        await self._core.hold()

    async def aclose(self) -> None:
        await self._core.let_go()

    async def __aenter__(self) -> Self:
        await self.aopen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def get(
        self,
        path: str,
        actor: As,
        *,
        params: Mapping[str, str | int] | None = None,
        etag: str | None = None,
        lane: int = 0,
    ) -> Answer:
        """Read, repeated a few times when GitHub does not answer. With `etag` the answer may be a 304 without data.
        `lane` is the installation whose rate limit this counts against, 0 for the App itself."""
        headers = {"If-None-Match": etag} if etag else {}

        async def send() -> Answer:
            return await self._send("GET", path, actor, lane, WHENEVER, params=params, headers=headers)

        return await self._repeated(send)

    async def ask(self, path: str, actor: As, body: Any, *, lane: int = 0, label: str = "") -> Answer:
        """A POST that changes nothing, as GraphQL's queries are: repeated like `get`."""

        async def send() -> Answer:
            try:
                return await self._send("POST", path, actor, lane, WHENEVER, body=body, label=label)
            except Unreachable as error:
                raise Unreachable(error.why, sent=False) from None

        return await self._repeated(send)

    async def pages(
        self, path: str, actor: As, *, params: Mapping[str, str | int] | None = None, lane: int = 0
    ) -> AsyncIterator[Answer]:
        """Each page to the last, as its Link headers lead. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        answer = await self.get(path, actor, params={"per_page": 100, **(params or {})}, lane=lane)
        yield answer
        while answer.next_path:
            answer = await self.get(answer.next_path, actor, lane=lane)
            yield answer

    async def write(
        self,
        method: Literal["POST", "PATCH", "PUT", "DELETE"],
        path: str,
        actor: As,
        *,
        body: Any = None,
        send_before: float = WHENEVER,
        lane: int = 0,
        label: str = "",
    ) -> Answer:
        """Send once, never again by itself, nothing after `send_before` (epoch seconds). One at a time per lane, as
        GitHub asks: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        `label` names the path in errors where it holds a secret."""
        lock = self._lanes.setdefault(lane, asyncio.Lock())
        left = send_before - self.clock()
        try:
            async with asyncio.timeout(left if left < WHENEVER else None):
                await lock.acquire()
        except TimeoutError:
            raise _too_late(f"{method} {path}") from None
        try:
            return await self._send(method, path, actor, lane, send_before, body=body, label=label)
        finally:
            lock.release()

    def close(self, lane: int, after: float, *, only: str = "") -> None:
        """Send nothing more in this lane for `after` seconds, or nothing to `only` this address."""
        self._closed_until[lane, only] = self.clock() + after

    async def _repeated(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        async for attempt in stamina.retry_context(
            on=Unreachable,
            attempts=self._attempts,
            timeout=self._answer_seconds,
            wait_initial=self._pause,
            wait_max=2.0,
            wait_jitter=self._pause / 2,
        ):
            with attempt:
                return await send()
        raise AssertionError("stamina ends by raising")

    async def _send(
        self,
        method: str,
        path: str,
        actor: As,
        lane: int,
        send_before: float,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        label: str = "",
    ) -> Answer:
        asked = f"{method} {label or path}"
        with self._traces.step(f"GitHub {method}", path=label or path) as span:
            answer = await self._sent(asked, method, path, actor, lane, send_before, params, body, headers)
            span.tell(status=answer.status)
            return answer

    async def _sent(
        self,
        asked: str,
        method: str,
        path: str,
        actor: As,
        lane: int,
        send_before: float,
        params: Mapping[str, str | int] | None,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        self._respect_limits(lane, path)
        call = _Call(asked, actor, httpx.URL(self.api_url), send_before, self.clock, self._answer_seconds)
        reset = _call.set(call)
        try:
            async with asyncio.timeout(self._answer_seconds):
                response = await self._core.arequest(
                    method,
                    path.lstrip("/"),
                    params=params,
                    json=body,
                    headers={"X-GitHub-Api-Version": API_VERSION, **(headers or {})},
                )
        except RequestFailed as failed:
            raise self._refused(asked, actor, lane, failed.exc.response) from None
        except (RequestTimeout, RequestError, TimeoutError) as error:
            raise _unanswered(call, error) from None
        finally:
            _call.reset(reset)
        log.log(logging.DEBUG if method == "GET" else logging.INFO, "%s: %d", asked, response.status_code)
        return self._answer(asked, response.raw_response)

    def _respect_limits(self, lane: int, path: str) -> None:
        # Going on while limited may get an integration banned.
        until = max(self._closed_until.get((lane, only), 0.0) for only in ("", path))
        if (left := until - self.clock()) > 0:
            raise Throttled(f"GitHub asked us to wait; {left:.0f} s are left", left)

    def _refused(self, asked: str, actor: As, lane: int, response: httpx.Response) -> Exception:
        now = self.clock()
        error = error_of(
            Refusal(
                asked=asked,
                actor=Actor.TOKEN if isinstance(actor, Token) else actor,
                status=response.status_code,
                headers=response.headers,
                body=_json_or_none(response),
                now=now,
                skew=skew_of(response.headers, now),
            )
        )
        if isinstance(error, Throttled):
            self.close(lane, error.after)
        return error

    def _answer(self, asked: str, response: httpx.Response) -> Answer:
        data = None
        if response.content and response.status_code not in (204, 304):
            try:
                data = response.json()
            except ValueError:
                raise Unreachable(
                    f"what answered {asked} at {self.api_url} is not GitHub: {response.status_code} without JSON",
                    sent=not asked.startswith("GET "),
                ) from None
        following = response.links.get("next", {}).get("url")
        return Answer(
            status=response.status_code,
            data=data,
            headers=response.headers,
            next_path=self._below_root(following) if following else None,
            skew=skew_of(response.headers, self.clock()),
        )

    def _below_root(self, url: str) -> str:
        root = httpx.URL(self.api_url).raw_path.decode().rstrip("/")
        # Host and scheme are dropped on purpose: no answer decides where a token is sent.
        return httpx.URL(url).raw_path.decode().removeprefix(root)


@dataclass(slots=True)
class _Call:
    """What the hooks of one request need to know; it travels beside httpx in a context variable of the same task."""

    asked: str
    actor: As
    root: httpx.URL
    send_before: float
    clock: Callable[[], float]
    answer_seconds: float
    started: bool = False

    def look(self) -> None:
        if self.clock() >= self.send_before:
            raise _too_late(self.asked)


_call: ContextVar[_Call] = ContextVar("call")


async def _last_look(request: httpx.Request) -> None:
    """Before every hop, redirects included: same server, still in time; and once more before the first byte and before
    the body, without which GitHub does nothing."""
    call = _call.get()
    if (request.url.scheme, request.url.host, request.url.port) != (call.root.scheme, call.root.host, call.root.port):
        raise Unprocessable(f"GitHub redirected {call.asked} to {request.url.host}, which is not GITHUB_API_URL")
    call.look()
    call.started = True
    left = max(0.001, min(call.answer_seconds, call.send_before - call.clock()))
    request.extensions["timeout"] = {
        "pool": left,
        "connect": min(5.0, left),
        "read": call.answer_seconds,
        "write": call.answer_seconds,
    }
    request.extensions["trace"] = _trace(call, has_body=bool(request.content))


def _trace(call: _Call, *, has_body: bool) -> Callable[[str, Mapping[str, Any]], Any]:
    async def trace(event: str, info: Mapping[str, Any]) -> None:
        # Waiting for a free connection and connecting take time; here the next thing is the request itself.
        # The loop turns between the two: whoever is frozen there must not send the rest when it wakes.
        if event.endswith("send_request_headers.started") or (has_body and event.endswith("send_request_body.started")):
            call.look()

    return trace


class _Core(GitHubCore["_PerCall"]):
    _held: httpx.AsyncClient | None = None

    async def hold(self) -> None:
        if self._held is None:
            self._held = await self._create_async_client()

    async def let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await held.aclose()

    @asynccontextmanager
    async def get_async_client(self) -> AsyncIterator[httpx.AsyncClient]:
        if self._held is None:
            raise RuntimeError("the GitHub client is not open: `async with GitHub(…)`, or aopen() at start")
        yield self._held


class _PerCall(BaseAuthStrategy):
    """Every call says as whom it is made."""

    def __init__(self, app: AppAuthStrategy | None) -> None:
        self._app = app

    def get_auth_flow(self, github: GitHubCore[Any]) -> httpx.Auth:
        flow = self._app.get_auth_flow(github) if self._app else None
        assert flow is None or isinstance(flow, AppAuth)
        return _Authorize(flow)


class _Authorize(httpx.Auth):
    def __init__(self, app: AppAuth | None) -> None:
        self._app = app

    async def async_auth_flow(self, request: httpx.Request) -> Any:
        actor = _call.get().actor
        if isinstance(actor, Token):
            request.headers["Authorization"] = f"Bearer {actor.value}"
        elif actor is Actor.APP:
            if self._app is None:
                raise NotPermitted("this needs a GitHub App: set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY")
            request.headers["Authorization"] = f"Bearer {await self._app.aget_jwt()}"
        yield request


def _app_auth(app_id: str, private_key: str | None) -> AppAuthStrategy | None:
    if not app_id and not private_key:
        return None
    if not app_id or not private_key:
        missing = "GITHUB_APP_PRIVATE_KEY" if app_id else "GITHUB_APP_ID"
        raise NotPermitted(f"{missing} is missing: an App signs in with its id and a private key")
    try:
        load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        raise NotPermitted(
            "GITHUB_APP_PRIVATE_KEY is no private key: it must be the whole PEM file that GitHub gave out, from "
            "BEGIN to END with its line breaks"
        ) from None
    return AppAuthStrategy(app_id, private_key)


def _checked_url(api_url: str) -> str:
    url = httpx.URL(api_url)
    loopback = re.fullmatch(r"127\.\d+\.\d+\.\d+|localhost|::1", url.host) is not None
    if url.scheme != "https" and not (url.scheme == "http" and loopback):
        raise ValueError("GITHUB_API_URL must begin with https:// (http:// only for this machine itself)")
    return api_url.rstrip("/")


def _unanswered(call: _Call, error: Exception) -> Exception:
    cause = error.exc if isinstance(error, RequestError) else error
    if isinstance(cause, NotPermitted | Unprocessable | TooLate):
        return cause
    never_sent = not call.started or isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if never_sent and call.clock() >= call.send_before:
        return _too_late(call.asked)
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        what = f"gave no answer to {call.asked} within {call.answer_seconds:g} s"
    else:
        what = f"could not be reached at {call.root} for {call.asked} ({type(cause).__name__}: {cause})"
    return Unreachable(f"GitHub {what}", sent=not never_sent and not call.asked.startswith("GET "))


def _too_late(asked: str) -> TooLate:
    return TooLate(f"{asked} was not sent: its time was over before it could be")


def _json_or_none(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
