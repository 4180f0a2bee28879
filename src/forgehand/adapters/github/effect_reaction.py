"""Reactions: one of each account and emoji, which GitHub itself sees to.

https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.domain.effects import Reaction
from forgehand.ports.effects import Receipt


class ReactionPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._github = github
        self._tokens = tokens
        self._identity = identity

    async def find(self, effect: Reaction, remote_id: str | None) -> Receipt | None:
        us = await self._identity.get()
        found = await self._calls(effect).all(effect.repo, _path(effect), params={"content": effect.emoji})
        return next((_receipt(each) for each in found if us.wrote(each)), None)

    async def perform(self, effect: Reaction, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        body = {"content": effect.emoji}
        calls = self._calls(effect)
        return _receipt(await calls.write(effect.repo, "POST", _path(effect), body, send_before=send_before))

    async def tidy(self, effect: Reaction, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    def _calls(self, effect: Reaction) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _path(effect: Reaction) -> str:
    return f"issues/comments/{effect.comment}/reactions"


def _receipt(reaction: Any) -> Receipt:
    return parsed("reaction", lambda data: Receipt(str(int(data["id"]))), reaction)
