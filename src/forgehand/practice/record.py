"""The record of every call the forge got, with its answer and without its secrets.

`api` and `git_http` write it; tests read it through `Forge.calls` and `Forge.mutations()`, and the checker
against GitHub's OpenAPI document takes each `Call` as its input.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET_FIELDS = {"token", "pem", "client_secret", "webhook_secret", "secret"}
KEPT_HEADERS = {
    "accept",
    "content-type",
    "if-none-match",
    "user-agent",
    "x-github-api-version",
    "git-protocol",
    "etag",
    "link",
    "retry-after",
    "location",
    "x-ratelimit-remaining",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
    "x-accepted-github-permissions",
}


@dataclass(frozen=True)
class Call:
    """`route` is the template with the parameter names of GitHub's OpenAPI document, None where nothing is
    modelled (status 501). `actor` is `app:SLUG`, `installation:ID`, `user:LOGIN` or `anonymous`."""

    number: int
    at: float
    method: str
    path: str
    route: str | None
    query: Mapping[str, str]
    actor: str
    permissions: Mapping[str, str]
    status: int
    request: Any
    response: Any
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    mutating: bool
    landed: bool = True
    """Whether the call reached its handler: False for a refusal or a fault before the effect."""
    fault: str | None = None
    duration: float = 0.0

    @property
    def unmodelled(self) -> bool:
        return self.route is None or self.status == 501


@dataclass
class Journal:
    clock: Callable[[], float]
    _calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0

    def write(self, **values: Any) -> Call:
        with self._lock:
            self._number += 1
            call = Call(number=self._number, **values)
            self._calls.append(call)
        return call

    @property
    def calls(self) -> tuple[Call, ...]:
        with self._lock:
            return tuple(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


def redact(value: Any) -> Any:
    """The same JSON with the values of secret fields replaced by `***`."""
    if isinstance(value, dict):
        return {
            key: "***" if key in SECRET_FIELDS and isinstance(item, str) else redact(item)
            for key, item in value.items()
        }
    return [redact(item) for item in value] if isinstance(value, list) else value


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth recording, by lower-case name; never a credential."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
