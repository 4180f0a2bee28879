"""A GitHub of one test's own making, below the wire: answers are scripted, requests are kept.

For what the practice forge does not do: broken answers, exact headers, a connection that fails in a given way.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

API = "https://api.github.com"

Reply = httpx.Response | Exception
Script = Callable[[httpx.Request], Reply]


@cache
def pem() -> str:
    """A private key made for this run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def reply(status: int = 200, data: Any = None, **headers: str) -> httpx.Response:
    """An answer; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (
        httpx.Response(status, json=data, headers=named) if data is not None else httpx.Response(status, headers=named)
    )


@dataclass
class ScriptedGitHub:
    """`script` answers each request; an exception it gives is raised as the transport would."""

    script: Script
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            answer = self.script(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return httpx.MockTransport(handle)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


def sequence(*replies: Reply) -> Script:
    """One reply after the other."""
    left = list(replies)
    return lambda request: left.pop(0)


def routes(table: Mapping[str, Reply | Script]) -> Script:
    """By `METHOD /path`; anything else is a 404."""

    def script(request: httpx.Request) -> Reply:
        found = table.get(f"{request.method} {request.url.path}", reply(404, {"message": "Not Found"}))
        return found(request) if callable(found) else found

    return script


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
