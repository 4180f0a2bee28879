"""The table of REST routes: template, permission, handler. `routes.*` fill it, `api` looks calls up in it.

Templates carry the parameter names of GitHub's OpenAPI document, so that a recorded call can be checked
against it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from forgehand.practice.auth import Caller
from forgehand.practice.errors import Refusal
from forgehand.practice.records import Repository
from forgehand.practice.world import World

# These may hold slashes, and the path of a repository's root is empty.
DEEP = {"ref": ".+", "path": ".*", "branch": ".+", "basehead": ".+"}
MOST_PER_PAGE = 100


@dataclass(frozen=True)
class Reply:
    """`body` is JSON, or text or bytes with a `media` type, or None for an empty answer."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A call that passed authentication and, below `/repos/{owner}/{repo}`, authorization."""

    world: World
    method: str
    path: str
    route: "Route"
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: Any
    caller: Caller
    stale_before: float | None = None
    """Lists leave out what was created after this moment."""
    _repo: Repository | None = None

    @property
    def repo(self) -> Repository:
        if self._repo is None:
            raise AssertionError(f"{self.route.template} names no repository")
        return self._repo

    @property
    def body(self) -> Mapping[str, Any]:
        """The JSON object of the request; an absent body is an empty one."""
        if self.json is None:
            return {}
        if not isinstance(self.json, dict):
            raise Refusal(422, f"Invalid request.\n\nFor 'links/0/schema', {self.json!r} is not an object.")
        return self.json

    def text(self, name: str) -> str | None:
        """A string of the body, or None. Raises a 422 for another type."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise Refusal(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.")
        return value

    def need_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise Refusal(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def number(self, name: str) -> int:
        """A path parameter that is an id. Raises a 404."""
        text = self.params[name]
        if not text.isdigit():
            raise Refusal(404, "Not Found")
        return int(text)

    def media(self, kind: str) -> bool:
        """Whether the caller accepts `application/vnd.github.KIND` or its v3 and +json spellings.
        https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types"""
        return bool(re.search(rf"vnd\.github\.(v3\.)?{kind}\b", self.headers.get("accept", "")))

    def fresh(self, items: list[Any]) -> list[Any]:
        """`items` (with `created`) as this call sees them: a stale list lacks the newest."""
        if self.stale_before is None:
            return items
        return [item for item in items if item.created <= self.stale_before]

    def page(self, items: list[Any], render: Callable[[Any], Any], key: str | None = None) -> Reply:
        """One page with its Link header; `key` wraps the page with `total_count`.
        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        size = min(max(_whole(self.query.get("per_page"), 30), 1), MOST_PER_PAGE)
        number = max(_whole(self.query.get("page"), 1), 1)
        last = max(1, -(-len(items) // size))
        shown = [render(item) for item in items[(number - 1) * size : number * size]]
        links = {"prev": number - 1 if number > 1 else None, "next": number + 1 if number < last else None}
        links |= {"last": last if number < last else None, "first": 1 if number > 1 else None}
        header = ", ".join(
            f'<{self.address(page=str(page))}>; rel="{rel}"' for rel, page in links.items() if page is not None
        )
        body = shown if key is None else {"total_count": len(items), key: shown}
        return Reply(body, headers={"Link": header} if header else {})

    def address(self, **changed: str) -> str:
        """This call's address with other query parameters."""
        from urllib.parse import urlencode

        return f"{self.world.base_url}{self.path}?{urlencode(dict(self.query) | changed)}"


Handler = Callable[[Request], Reply]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    handler: Handler
    needs: tuple[str, ...]
    """Alternatives such as `contents:write`; empty: any token."""
    user_level: str
    """What a person needs on the repository: read, write or admin."""
    caller: str | None
    """app where only a JWT counts, installation where only an installation token does."""

    @cached_property
    def pattern(self) -> "re.Pattern[str]":
        parts = re.split(r"\{(\w+)\}", self.template)
        text = "".join(
            re.escape(part) if i % 2 == 0 else f"(?P<{part}>{DEEP.get(part, '[^/]+')})" for i, part in enumerate(parts)
        )
        return re.compile(text)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        found = self.pattern.fullmatch(path) if method == self.method else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


ROUTES: list[Route] = []


def route(
    method: str, template: str, *needs: str, user: str | None = None, caller: str | None = None
) -> Callable[[Handler], Handler]:
    """Register a handler. A person may write where an app needs `issues` or `pull_requests` to comment, with
    read access; elsewhere writing needs push access, unless `user` says otherwise."""
    social = bool(needs) and all(need.partition(":")[0] in ("issues", "pull_requests") for need in needs)
    level = user or ("read" if method == "GET" or social else "write")

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, template, handler, needs, level, caller))
        # The more that is literal, the earlier it is tried: `/pulls/comments/7` before `/pulls/{number}`.
        ROUTES.sort(key=lambda r: _literal(r.template), reverse=True)
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of an undecoded path."""
    for candidate in ROUTES:
        params = candidate.match(method, path)
        if params is not None:
            return candidate, params
    return None


def _literal(template: str) -> tuple[int, int]:
    parts = template.split("/")
    return sum(not part.startswith("{") for part in parts), -len(parts)


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
