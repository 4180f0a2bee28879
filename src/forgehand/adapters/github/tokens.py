"""Tokens: minted per repository and purpose, never wider. Used by the readers and effects here, and by git fetches.

https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.adapters.github.vault import Vault
from forgehand.domain.repositories import Repo
from forgehand.ports.github import GitHubError, NotFound, NotPermitted, Token, Unprocessable

RENEW_BEFORE = 300.0
"""Seconds before its end at which a token is no longer given out: a job that gets one has at least that long."""

METADATA = {"metadata": "read"}


@dataclass(frozen=True, slots=True)
class Reach:
    """One listing of repositories that we can see: its path, and the list's key in the answer."""

    installation: int
    path: str
    key: str | None


class AppTokens:
    """Installation tokens of the App, in memory, and in `vault` where processes share them."""

    def __init__(self, github: GitHub, vault: Vault | None = None) -> None:
        self._github = github
        self._vault = vault
        self._tokens: dict[str, Token] = {}
        self._minting: dict[str, asyncio.Lock] = {}

    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        return await self._token(repo.installation, repo, permissions)

    async def forget(self, repo: Repo, permissions: Mapping[str, str]) -> None:
        name = self._name(repo.installation, repo.id, permissions)
        self._tokens.pop(name, None)
        if self._vault:
            # An expired one in its place, so that no process takes the refused one.
            await self._vault.put(name, Token("", 0.0))

    async def listing(self, installation: int) -> Token:
        """A token that sees which repositories the installation includes, and nothing of what is in them."""
        return await self._token(installation, None, METADATA)

    async def reaches(self) -> list[Reach]:
        """Each installation of the App that is not suspended."""
        return [
            Reach(int(installation["id"]), "/installation/repositories", "repositories")
            async for page in self._github.pages("/app/installations", Actor.APP)
            for installation in page.data
            if not installation.get("suspended_at")
        ]

    async def _token(self, installation: int, repo: Repo | None, permissions: Mapping[str, str]) -> Token:
        name = self._name(installation, repo.id if repo else 0, permissions)
        if fresh := self._fresh(self._tokens.get(name)):
            return fresh
        # A lock and not a shared task: an asker that is canceled must not take the others' token away.
        async with self._minting.setdefault(name, asyncio.Lock()):
            if fresh := self._fresh(self._tokens.get(name)):
                return fresh
            token = await self._shared(name) or await self._mint(installation, repo, permissions, name)
            self._drop_expired()
            self._tokens[name] = token
            return token

    async def _shared(self, name: str) -> Token | None:
        return self._fresh(await self._vault.get(name, self._github.clock())) if self._vault else None

    async def _mint(self, installation: int, repo: Repo | None, permissions: Mapping[str, str], name: str) -> Token:
        body: dict[str, Any] = {"permissions": dict(permissions)}
        if repo:
            body["repository_ids"] = [repo.id]
        try:
            answer = await self._github.write(
                "POST", f"/app/installations/{installation}/access_tokens", Actor.APP, body=body, lane=-installation
            )
        except (Unprocessable, NotFound, NotPermitted) as refusal:
            raise await self._explained(refusal, installation, repo, permissions) from None
        token = parsed("token", _token, answer.data)
        if self._vault:
            await self._vault.put(name, token)
        return token

    async def _explained(
        self, refusal: GitHubError, installation: int, repo: Repo | None, permissions: Mapping[str, str]
    ) -> NotPermitted:
        """Why no token was given, by what the installation says of itself."""
        what = f"{repo.full_name}" if repo else f"installation {installation}"
        try:
            seen = (await self._github.get(f"/app/installations/{installation}", Actor.APP)).data
        except NotFound:
            return NotPermitted(f"the App is not installed for {what} any more (installation {installation} is gone)")
        except NotPermitted as error:
            return error
        except GitHubError:
            return NotPermitted(f"no token for {what}: {refusal.why}")
        page = str(seen.get("html_url") or f"{self._github.web_url}/settings/installations/{installation}")
        if seen.get("suspended_at"):
            return NotPermitted(f"no token for {what}: the App's installation is suspended; lift that at {page}")
        if missing := missing_permissions(permissions, seen.get("permissions") or {}):
            return NotPermitted(
                f"no token for {what}: the installation lacks {_listed(missing)}; grant it on the App's settings page, "
                f"then accept it at {page}"
            )
        if isinstance(refusal, Unprocessable):
            return NotPermitted(f"the App has no access to {what}; add the repository to the installation at {page}")
        return NotPermitted(f"no token for {what}: {refusal.why}")

    def _fresh(self, token: Token | None) -> Token | None:
        return token if token and token.expires_at - RENEW_BEFORE > self._github.clock() else None

    def _drop_expired(self) -> None:
        for name in [name for name, token in self._tokens.items() if not self._fresh(token)]:
            del self._tokens[name]
            if name in self._minting and not self._minting[name].locked():
                del self._minting[name]

    def _name(self, installation: int, repository: int, permissions: Mapping[str, str]) -> str:
        parts = [self._github.api_url, self._github.app_id, installation, repository, sorted(permissions.items())]
        return f"token:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


class PersonalTokens:
    """One person's token instead of an App: it can do what the person lets it, and cannot be narrowed here."""

    def __init__(self, value: str) -> None:
        self.person = Token(value, float("inf"))

    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        return self.person

    async def forget(self, repo: Repo, permissions: Mapping[str, str]) -> None:
        """There is no other."""

    async def listing(self, installation: int) -> Token:
        return self.person

    async def reaches(self) -> list[Reach]:
        return [Reach(0, "/user/repos", None)]


def missing_permissions(wanted: Mapping[str, str], granted: Mapping[str, str]) -> dict[str, str]:
    """What of `wanted` the grants do not cover; `write` covers `read`, `admin` both. `metadata: read` is in any."""
    order = ["read", "write", "admin"]

    def rank(level: str | None) -> int:
        return order.index(level) if level in order else -1

    return {
        name: level
        for name, level in wanted.items()
        if rank(level) > max(rank(granted.get(name)), 0 if name == "metadata" else -1)
    }


def _listed(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"the permission {name}: {level}" for name, level in sorted(permissions.items()))


def _token(data: Any) -> Token:
    return Token(str(data["token"]), datetime.fromisoformat(data["expires_at"]).timestamp())
