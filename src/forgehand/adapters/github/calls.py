"""Calls about one repository, each with a token of exactly the permissions it names. Used by `reads` and the effects.

A token that GitHub refuses with 401 is forgotten and the call made once more with a fresh one: a 401 says for certain
that nothing was done, so that this is safe for writes too.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import quote

from forgehand.adapters.github import graphql
from forgehand.adapters.github.client import WHENEVER, Answer, GitHub
from forgehand.adapters.github.errors import BadCredentials
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Conflict, NotFound, Token, Tokens, Unprocessable, Unreachable

T = TypeVar("T")

FULL_NAME = re.compile(r"(?!\.+/)[A-Za-z0-9._-]+/(?!\.+$)[A-Za-z0-9._-]+")


class KeptTokens(Tokens, Protocol):
    async def forget(self, repo: Repo, permissions: Mapping[str, str]) -> None:
        """GitHub refused this token: mint another the next time."""
        ...


class RepoCalls:
    """`path` is below `/repos/OWNER/NAME/`."""

    def __init__(self, github: GitHub, tokens: KeptTokens, permissions: Mapping[str, str]) -> None:
        self._github = github
        self._tokens = tokens
        self._permissions = permissions

    async def get(
        self, repo: Repo, path: str, *, params: Mapping[str, str | int] | None = None, etag: str | None = None
    ) -> Answer:
        url = _url(repo, path)

        async def send(token: Token) -> Answer:
            return await self._github.get(url, token, params=params, etag=etag, lane=repo.installation)

        return await self._with_token(repo, send)

    async def get_or_none(self, repo: Repo, path: str) -> Any:
        """The data, or None for a 404."""
        try:
            return (await self.get(repo, path)).data
        except NotFound:
            return None

    async def ref(self, repo: Repo, name: str) -> str:
        """The object that `heads/…` or `tags/…` points at; empty where there is no such ref."""
        try:
            found = (await self.get(repo, f"git/ref/{quote(name)}")).data
        except (NotFound, Conflict):
            # 409 is GitHub's answer to whatever asks for git's own objects where there is no commit.
            return ""
        return parsed("ref", lambda data: str(data["object"]["sha"]), found)

    async def pages(
        self, repo: Repo, path: str, *, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[Answer]:
        first = await self.get(repo, path, params={"per_page": 100, **(params or {})})
        yield first
        following = first.next_path
        while following:
            url = following

            async def send(token: Token, url: str = url) -> Answer:
                return await self._github.get(url, token, lane=repo.installation)

            answer = await self._with_token(repo, send)
            yield answer
            following = answer.next_path

    async def all(
        self, repo: Repo, path: str, *, params: Mapping[str, str | int] | None = None, key: str | None = None
    ) -> list[Any]:
        """Every item of every page; `key` names the list where an answer wraps it in an object."""
        items: list[Any] = []
        async for page in self.pages(repo, path, params=params):
            items.extend(page.data[key] if key else page.data)
        return items

    async def write(
        self,
        repo: Repo,
        method: Literal["POST", "PATCH", "PUT", "DELETE"],
        path: str,
        body: Any = None,
        *,
        send_before: float = WHENEVER,
    ) -> Any:
        """The data of one write, sent once."""
        url = _url(repo, path)

        async def send(token: Token) -> Answer:
            return await self._github.write(
                method, url, token, body=body, send_before=send_before, lane=repo.installation
            )

        return (await self._with_token(repo, send)).data

    async def query(self, repo: Repo, document: str, variables: Mapping[str, Any]) -> Any:
        """The data of a GraphQL query."""

        async def send(token: Token) -> Any:
            return await graphql.query(self._github, document, variables, token, lane=repo.installation)

        return await self._with_token(repo, send)

    async def mutate(
        self, repo: Repo, document: str, variables: Mapping[str, Any], *, send_before: float = WHENEVER
    ) -> Any:
        """The data of one GraphQL mutation, sent once."""

        async def send(token: Token) -> Any:
            return await graphql.mutate(
                self._github, document, variables, token, send_before=send_before, lane=repo.installation
            )

        return await self._with_token(repo, send)

    async def _with_token(self, repo: Repo, send: Callable[[Token], Awaitable[T]]) -> T:
        try:
            return await send(await self._token(repo))
        except BadCredentials:
            await self._tokens.forget(repo, self._permissions)
            return await send(await self._token(repo))

    async def _token(self, repo: Repo) -> Token:
        try:
            return await self._tokens.token(repo, self._permissions)
        except Unreachable as error:
            # A token more or less changes nothing that anyone sees.
            raise Unreachable(error.why, sent=False) from None


def parsed(what: str, parse: Callable[[Any], T], data: Any) -> T:
    """`parse(data)`; an answer of another shape than GitHub documents is Unreachable: whatever answered, it is not
    the GitHub we know, and for a write nobody can say what it did."""
    try:
        return parse(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreachable(f"GitHub's answer is no {what}: {type(error).__name__} {error}") from None


def _url(repo: Repo, path: str) -> str:
    if not FULL_NAME.fullmatch(repo.full_name):
        raise Unprocessable(f"{repo.full_name!r} is no repository name")
    return f"/repos/{repo.full_name}/{path}" if path else f"/repos/{repo.full_name}"
