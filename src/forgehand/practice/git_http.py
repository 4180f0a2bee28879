"""Git over smart HTTP, through git's own CGI program, with GitHub's tokens and permissions.

`api` hands over calls below `/OWNER/REPO.git`. Reading needs `contents: read`, pushing `contents: write`.
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation#using-an-installation-access-token-to-authenticate-for-http-based-git-access
https://git-scm.com/docs/git-http-backend
"""

import gzip
import re
import subprocess
import time
from contextlib import nullcontext
from typing import Any

from forgehand.practice import objects
from forgehand.practice.acts import protection, refs
from forgehand.practice.auth import LEVELS, Caller, authenticate, check_app, permitted, reaches
from forgehand.practice.errors import Refusal
from forgehand.practice.exchange import Exchange
from forgehand.practice.faults import Asked, Fault
from forgehand.practice.record import kept
from forgehand.practice.records import Repository
from forgehand.practice.router import Reply
from forgehand.practice.world import World

PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}


def matches(path: str) -> bool:
    return PATH.fullmatch(path) is not None


def serve(world: World, exchange: Exchange) -> Reply | None:
    """Answer one request of a git client and record it; None cuts the connection."""
    writing = _service(exchange) == "git-receive-pack"
    # Nobody sees what a push moved before it is written down. Those who only read do not wait for each other's git.
    with world.lock if writing else nullcontext():
        reply = _answer(world, exchange, writing)
        _record(world, exchange, reply)
    return None if exchange.fault and exchange.fault.kind in ("cut_before", "cut_after") else reply


def _service(exchange: Exchange) -> str | None:
    verb = _parts(exchange.path)[2]
    return exchange.query.get("service") if verb == "info/refs" else verb


def _answer(world: World, exchange: Exchange, writing: bool) -> Reply | None:
    owner, name, verb = _parts(exchange.path)
    try:
        with world.lock:
            exchange.caller = authenticate(world, exchange.headers.get("authorization"))
            repo = _allowed(world, exchange.caller, f"{owner}/{name}", writing)
            # A git client asks without its token first; a fault is for the call that would succeed.
            asked = Asked(exchange.method, exchange.path, _route(verb), exchange.query, exchange.caller.actor)
            exchange.fault = fault = world.faults.strike(asked)
        reply = _faulty(fault) if fault else None
        if reply is None and not (fault and fault.kind == "cut_before"):
            reply = _push(world, exchange, repo, verb) if writing else _cgi(world, exchange, repo, verb)
            exchange.landed = reply.status < 400
            if fault and fault.kind == "error_after":
                reply = _text(fault.status, "Server Error")
    except Refusal as refusal:
        reply = _text(refusal.status, refusal.message, refusal.headers)
    return reply


def _record(world: World, exchange: Exchange, reply: Reply | None) -> None:
    verb = _parts(exchange.path)[2]
    world.journal.write(
        at=world.now(),
        method=exchange.method,
        path=exchange.path,
        route=_route(verb),
        query=exchange.query,
        actor=exchange.caller.actor,
        permissions=dict(exchange.caller.permissions),
        status=reply.status if reply else 0,
        request=None,
        response=None,
        request_headers=kept(exchange.headers),
        response_headers={},
        mutating=verb == "git-receive-pack",
        landed=exchange.landed,
        fault=exchange.fault.kind if exchange.fault else None,
        duration=round(time.monotonic() - exchange.started, 4),
    )


def _route(verb: str) -> str:
    return "/{owner}/{repo}.git/" + verb


def _parts(path: str) -> tuple[str, str, str]:
    found = PATH.fullmatch(path)
    assert found
    return found[1], found[2], found[3]


def _allowed(world: World, caller: Caller, full_name: str, writing: bool) -> Repository:
    """The repository, or GitHub's 401, 403 or 404 for a git client."""
    missing = Refusal(404, "Repository not found.")
    try:
        repo = world.repository(full_name)
    except Refusal:
        raise (
            Refusal(401, "Authentication required", headers=CHALLENGE) if caller.kind == "anonymous" else missing
        ) from None
    if caller.kind == "anonymous":
        if writing or repo.private or world.quirks.strict_reads:
            raise Refusal(401, "Authentication required", headers=CHALLENGE)
        return repo
    if caller.kind == "app":
        raise Refusal(401, "Invalid username or token.", headers=CHALLENGE)
    if caller.kind == "user":
        held = LEVELS[world.role(repo, caller.login)]
        if held < LEVELS["read"]:
            raise missing
        chosen = caller.token.repository_ids if caller.token else None
        if chosen is not None and repo.id not in chosen:
            raise missing
        check_app(world, caller, repo, ["contents:write" if writing else "contents:read"], not writing)
        fine = not caller.permissions or permitted(caller, ["contents:write" if writing else "contents:read"])
        allowed = fine and held >= LEVELS["write" if writing else "read"]
    else:
        if not reaches(world, caller, repo):
            raise missing
        allowed = permitted(caller, ["contents:write" if writing else "contents:read"])
    if not allowed:
        raise Refusal(403, f"{'Write access' if writing else 'Access'} to repository not granted.")
    return repo


def _faulty(fault: Fault) -> Reply | None:
    if fault.kind == "error_before":
        return _text(fault.status, "Server Error")
    if fault.kind in ("secondary", "primary"):
        return _text(429, "Too many requests", {"retry-after": str(fault.retry_after)})
    if fault.kind in ("content", "lands_later", "stale"):
        raise ValueError(f"no call of git can be struck by {fault.kind}: order a fault of another kind for it")
    return None


def _push(world: World, exchange: Exchange, repo: Repository, verb: str) -> Reply:
    """Run the receiving side, then tell of every ref that moved."""
    before = dict(world.git(repo).refs())
    rules = [
        line
        for name, new in _commands(exchange)
        for line in protection.push_rules(world, repo, name, new, exchange.caller.login)
    ]
    reply = _cgi(world, exchange, repo, verb, "\n".join(rules))
    after = dict(world.git(repo).refs())
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            refs.moved(world, repo, name, before.get(name), after.get(name), exchange.caller.login)
    return reply


def _commands(exchange: Exchange) -> list[tuple[str, str | None]]:
    """The refs that a push moves, and where to (None: it is deleted). They stand before the pack.
    https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer"""
    body = exchange.body
    if exchange.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    found: list[tuple[str, str | None]] = []
    at = 0
    while (size := int(body[at : at + 4] or b"0", 16)) > 4:
        fields = body[at + 4 : at + size].partition(b"\0")[0].decode().split()
        if len(fields) == 3:
            found.append((fields[2], None if set(fields[1]) == {"0"} else fields[1]))
        at += size
    return found


def _cgi(world: World, exchange: Exchange, repo: Repository, verb: str, rules: str = "") -> Reply:
    environment = objects.ENVIRONMENT | {
        "GIT_PROJECT_ROOT": str(repo.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repo.path.name}/{verb}",
        "REQUEST_METHOD": exchange.method,
        "QUERY_STRING": "&".join(f"{k}={v}" for k, v in exchange.query.items()),
        "CONTENT_TYPE": exchange.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(exchange.body)),
        "HTTP_CONTENT_ENCODING": exchange.headers.get("content-encoding", ""),
        "HTTP_GIT_PROTOCOL": exchange.headers.get("git-protocol", ""),
        "REMOTE_USER": exchange.caller.login or "anonymous",
        "REMOTE_ADDR": "127.0.0.1",
        "PRACTICE_PROTECTED": rules,
        "PRACTICE_WORKFLOWS": _workflows(exchange.caller),
    }
    command = ["git", "http-backend"]
    done = subprocess.run(command, input=exchange.body, capture_output=True, env=environment, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers: dict[str, Any] = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    status = int(str(headers.pop("status", "200")).split()[0])
    return Reply(body, status, headers, str(headers.get("content-type", "text/plain")))


def _workflows(caller: Caller) -> str:
    installation = caller.kind == "installation"
    return "no" if installation and not permitted(caller, ["workflows:write"]) else "yes"


def _text(status: int, message: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(message + "\n", status, headers or {}, "text/plain; charset=utf-8")
