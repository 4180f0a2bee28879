"""The ASGI application: every call passes here, in this order: fault, caller, limits, route, record.

`server` runs it. Below `/OWNER/REPO.git` it hands over to `git_http`, elsewhere outside the REST paths to
`pages`. The prefix `/api/v3` that GitHub Enterprise Server has is accepted and dropped.
"""

import asyncio
import hashlib
import json
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from forgehand.practice import git_http, pages, ratelimit
from forgehand.practice.auth import ANONYMOUS, Caller, authenticate, authorize
from forgehand.practice.errors import Refusal, invalid, requires_authentication
from forgehand.practice.exchange import Exchange
from forgehand.practice.faults import Asked, Fault
from forgehand.practice.record import kept, redact
from forgehand.practice.router import Reply, Request
from forgehand.practice.routes import find
from forgehand.practice.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)
VERSIONS = ("2022-11-28", "2026-03-10")


@dataclass
class Api:
    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        exchange = await _exchange(scope, receive)
        if exchange is None:
            return
        if git_http.matches(exchange.path):
            reply = await asyncio.to_thread(self._git, exchange)
        elif exchange.found is None and pages.matches(self.world, exchange.path):
            reply = await asyncio.to_thread(self._page, exchange)
        else:
            reply = await asyncio.to_thread(self._rest, exchange)
        if exchange.fault and exchange.fault.kind == "slow":
            await asyncio.sleep(exchange.fault.seconds)
        if reply is None:
            exchange.abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(reply, send, exchange.method)

    def _rest(self, exchange: Exchange) -> Reply | None:
        # Nobody sees what a call did, or asks which calls there were, before it is written down.
        with self.world.lock:
            self.world.later.land_due()
            reply = self._answer(exchange)
            self._record(exchange, reply)
        return reply

    def _record(self, exchange: Exchange, reply: Reply | None) -> None:
        sent = reply or Reply(status=0)
        self.world.journal.write(
            at=self.world.now(),
            method=exchange.method,
            path=exchange.path,
            route=exchange.template,
            query=exchange.query,
            actor=exchange.caller.actor,
            permissions=dict(exchange.caller.permissions),
            status=sent.status,
            request=redact(exchange.json),
            response=redact(sent.body) if sent.media.startswith("application/json") else None,
            request_headers=kept(exchange.headers),
            response_headers=kept({**sent.headers, "content-type": sent.media}),
            mutating=_mutating(exchange),
            landed=exchange.landed,
            fault=exchange.fault.kind if exchange.fault else None,
            duration=round(time.monotonic() - exchange.started, 4),
        )

    def _answer(self, exchange: Exchange) -> Reply | None:
        """The reply, or None to cut the connection."""
        try:
            _check_form(exchange)
            exchange.caller = authenticate(self.world, exchange.headers.get("authorization"))
            asked = _asked(exchange)
            exchange.fault = fault = self.world.faults.strike(asked)
            early = self._before(exchange, fault) if fault else None
            if early is not None or (fault and fault.kind == "cut_before"):
                return early
            reply = self._limited(exchange)
        except Refusal as refusal:
            return _refused(refusal, self._limit_headers(exchange))
        except Exception as error:
            return self._failed(exchange, error)
        if fault and fault.kind == "error_after":
            return _failure(fault.status)
        return None if fault and fault.kind == "cut_after" else reply

    def _before(self, exchange: Exchange, fault: Fault) -> Reply | None:
        """What a fault answers in place of the effect."""
        actor, now, limits = exchange.caller.actor, self.world.now(), self.world.limits
        match fault.kind:
            case "error_before":
                return _failure(fault.status)
            case "secondary":
                limits.close(actor, now + fault.retry_after, fault.status)
                raise _slow_down(fault.status, fault.retry_after)
            case "primary":
                limits.exhaust(actor, math.ceil(now) + fault.retry_after)
                raise Refusal(fault.status, f"API rate limit exceeded for {actor}.")
            case "content":
                # GitHub names no time there; the forge does, so that nobody has to wait for a minute.
                refusal = invalid("Issue", "data", "custom", "was submitted too quickly")
                refusal.headers["retry-after"] = str(fault.retry_after)
                raise refusal
            case "lands_later":
                self.world.later.hold(lambda: self._land(exchange), fault.seconds)
                return _failure(fault.status)
        return None

    def _land(self, exchange: Exchange) -> None:
        try:
            self._handle(exchange)
        except Refusal as refusal:
            log.warning("what was to land later was refused: %s", refusal)
        except Exception as error:
            self._failed(exchange, error)

    def _limited(self, exchange: Exchange) -> Reply:
        actor, now, limits = exchange.caller.actor, self.world.now(), self.world.limits
        if exchange.path == "/rate_limit":
            return self._handle(exchange)
        if closed := limits.closed(actor, now):
            until, status = closed
            raise _slow_down(status, math.ceil(until - now))
        if limits.state(actor, now)["remaining"] == 0:
            raise Refusal(403, f"API rate limit exceeded for {actor}.")
        try:
            reply = _conditional(exchange, self._handle(exchange))
        except Refusal:
            limits.count(actor, now)
            raise
        if reply.status != 304 or exchange.caller is ANONYMOUS:
            # "…does not count against your primary rate limit if a 304 response is returned".
            limits.count(actor, now)
        headers = {**reply.headers, **self._limit_headers(exchange)}
        return Reply(reply.body, reply.status, headers, reply.media)

    def _handle(self, exchange: Exchange) -> Reply:
        if exchange.found is None:
            message = f"{exchange.method} {exchange.path} is not modelled by the practice forge"
            return Reply({"message": message, "status": "501"}, 501)
        route, params = exchange.found
        world, caller = self.world, exchange.caller
        with world.lock:
            repo = None
            if "repo" in params and "owner" in params:
                repo = world.repository(f"{params['owner']}/{params['repo']}")
            if route.caller is not None:
                _check_kind(caller, route.caller)
            elif repo is not None:
                authorize(world, caller, repo, route.needs, route.user_level, exchange.method == "GET")
            request = Request(
                world=world,
                method=exchange.method,
                path=exchange.path,
                route=route,
                params=params,
                query=exchange.query,
                headers=exchange.headers,
                json=exchange.json,
                caller=caller,
                stale_before=self._stale_before(exchange.fault),
                _repo=repo,
            )
            reply = route.handler(request)
            exchange.landed = reply.status < 400
            return reply

    def _stale_before(self, fault: Fault | None) -> float | None:
        seconds = self.world.quirks.stale_lists_seconds
        if fault and fault.kind == "stale":
            seconds = fault.seconds or float("inf")
        return self.world.now() - seconds if seconds else None

    def _git(self, exchange: Exchange) -> Reply | None:
        try:
            return git_http.serve(self.world, exchange)
        except Exception as error:
            return self._failed(exchange, error)

    def _page(self, exchange: Exchange) -> Reply:
        origin = exchange.headers.get("origin")
        try:
            return pages.show(self.world, exchange.method, exchange.path, exchange.query, exchange.body, origin)
        except Exception as error:
            return self._failed(exchange, error)

    def _failed(self, exchange: Exchange, error: Exception) -> Reply:
        """A bug of the forge must be seen as such, not as a refusal; nor be hidden by a client that asks again."""
        asked = f"{exchange.method} {exchange.path}"
        log.error("%s failed in the practice forge", asked, exc_info=error)
        self.world.failures.append(f"{asked}: {error!r}")
        return Reply({"message": "The practice forge failed; see its log", "status": "500"}, 500)

    def _limit_headers(self, exchange: Exchange) -> dict[str, str]:
        return ratelimit.headers(self.world.limits.state(exchange.caller.actor, self.world.now()))


async def _exchange(scope: Scope, receive: Receive) -> Exchange | None:
    """What was asked; None where the caller was gone before all of it had come: half a request is none."""
    path = scope["raw_path"].decode("ascii", "replace").removeprefix("/api/v3") or "/"
    path = "/graphql" if path == "/api/graphql" else path
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Exchange(
        method=scope["method"],
        path=path,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
        abort=scope.get("practice.abort", lambda: None),
        started=time.monotonic(),
        found=find(scope["method"], path),
    )


def _mutating(exchange: Exchange) -> bool:
    """A GraphQL query is posted, too, and changes nothing."""
    if exchange.template == "/graphql" and isinstance(exchange.json, dict):
        return "mutation" in str(exchange.json.get("query")).partition("{")[0]
    return exchange.method not in ("GET", "HEAD")


def _check_form(exchange: Exchange) -> None:
    """https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api"""
    if not exchange.headers.get("user-agent"):
        raise Refusal(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
        )
    version = exchange.headers.get("x-github-api-version")
    if version is not None and version not in VERSIONS:
        raise Refusal(400, f"{version} is not a supported API version")
    if exchange.body.strip():
        try:
            exchange.json = json.loads(exchange.body)
        except ValueError as error:
            raise Refusal(400, "Problems parsing JSON") from error


def _asked(exchange: Exchange) -> Asked:
    return Asked(exchange.method, exchange.path, exchange.template, exchange.query, exchange.caller.actor)


def _check_kind(caller: Caller, wanted: str) -> None:
    if caller.kind == wanted:
        return
    if caller.kind == "anonymous":
        raise requires_authentication()
    if wanted == "app":
        raise Refusal(401, "A JSON web token could not be decoded")
    raise Refusal(
        403,
        "You must authenticate with an installation access token in order to list repositories for an installation.",
    )


def _slow_down(status: int, seconds: int) -> Refusal:
    text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Refusal(status, text, headers={"retry-after": str(seconds)})


def _conditional(exchange: Exchange, reply: Reply) -> Reply:
    """https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate"""
    if exchange.method != "GET" or reply.status != 200:
        return reply
    etag = f'W/"{hashlib.sha256(_bytes(reply) + str(reply.headers.get("Link")).encode()).hexdigest()}"'
    headers = {**reply.headers, "ETag": etag}
    wanted = {tag.strip().removeprefix("W/") for tag in exchange.headers.get("if-none-match", "").split(",")}
    if etag.removeprefix("W/") in wanted:
        return Reply(None, 304, headers, reply.media)
    return Reply(reply.body, 200, headers, reply.media)


def _refused(refusal: Refusal, headers: Mapping[str, str]) -> Reply:
    return Reply(refusal.body(), refusal.status, {**headers, **refusal.headers})


def _failure(status: int) -> Reply:
    """GitHub's unicorn: a server error without the API's usual body."""
    return Reply({"message": "Server Error"}, status)


def _bytes(reply: Reply) -> bytes:
    match reply.body:
        case None:
            return b""
        case bytes() as data:
            return data
        case str() as text if not reply.media.startswith("application/json"):
            return text.encode("utf-8", "surrogateescape")
        case value:
            return json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogateescape")


async def _send(reply: Reply, send: Send, method: str) -> None:
    data = _bytes(reply)
    headers = {
        "server": "practice-forge",
        "x-github-request-id": uuid.uuid4().hex.upper()[:24],
        "x-github-media-type": "github.v3; format=json",
        **{name.lower(): value for name, value in reply.headers.items()},
    }
    if reply.status not in (204, 304):
        headers.setdefault("content-type", reply.media)
        headers["content-length"] = str(len(data))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else data})
