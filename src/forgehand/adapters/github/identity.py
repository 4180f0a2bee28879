"""Who we are on GitHub, to know our own objects again. Used by the effects and by `reads`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.domain.effects.base import signed
from forgehand.ports.github import Token


@dataclass(frozen=True, slots=True)
class Self:
    """The account that our objects show as their author; `app_id` is 0 for a person's token."""

    login: str
    type: str
    app_id: int

    def wrote(self, thing: Mapping[str, Any]) -> bool:
        """Whether a comment or review is ours. `performed_via_github_app` is not asked: any user who signs in through
        an App's device flow writes with that field set, and may paste a marker. A bot's login is the App's alone."""
        user = thing.get("user") or {}
        return str(user.get("login", "")).lower() == self.login.lower() and user.get("type") == self.type

    def said(self, thing: Mapping[str, Any]) -> bool:
        """Whether a comment or review is ours and not the person's whose token is used: they write from the same
        account, with opinions of their own, but without our marker. Nobody else can write from it, so that a marker
        can make nobody pass for us."""
        return self.wrote(thing) and (bool(self.app_id) or signed(thing.get("body")))


class Identity:
    """Learned once: from `GET /app`, or for a person's token from `GET /user`."""

    def __init__(self, github: GitHub, person: Token | None = None) -> None:
        self._github = github
        self._person = person
        self._self: Self | None = None
        self._asking = asyncio.Lock()

    async def get(self) -> Self:
        async with self._asking:
            if self._self is None:
                self._self = self._given() or await self._asked()
        return self._self

    async def ask(self) -> Self:
        """As GitHub says it now, whatever was given; remembered from then on."""
        learned = await self._asked()
        self._self = learned
        return learned

    def _given(self) -> Self | None:
        """Where id and slug were given, nobody has to be asked."""
        if self._person or not (self._github.slug and self._github.app_id.isdigit()):
            return None
        return Self(f"{self._github.slug}[bot]", "Bot", int(self._github.app_id))

    async def _asked(self) -> Self:
        if self._person:
            user = (await self._github.get("/user", self._person)).data
            return parsed("user", lambda data: Self(data["login"], data["type"], 0), user)
        app = (await self._github.get("/app", Actor.APP)).data
        return parsed("App", lambda data: Self(f"{data['slug']}[bot]", "Bot", int(data["id"])), app)
