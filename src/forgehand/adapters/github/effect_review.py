"""Reviews: one POST with the event and every inline comment, pinned to the commit that was read.

A submitted review can be neither removed nor made again, so that an existing one is left as it is and doubles are only
reported. A PENDING one of ours blocks new ones; it is what a request left behind that GitHub gave up halfway, and is
deleted. https://docs.github.com/en/rest/pulls/reviews
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.owned import carrying, marked, oldest, receipt
from forgehand.domain.effects import Review
from forgehand.ports.effects import Receipt
from forgehand.ports.github import NotFound, Unprocessable


class ReviewPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._github = github
        self._tokens = tokens
        self._identity = identity

    async def find(self, effect: Review, remote_id: str | None) -> Receipt | None:
        if remote_id:
            stored = await self._calls(effect).get_or_none(effect.repo, f"{_reviews(effect)}/{int(remote_id)}")
            if stored and (await self._identity.get()).wrote(stored):
                return receipt(stored)
        return oldest(await self._listed(effect))

    async def perform(self, effect: Review, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        try:
            return await self._create(effect, send_before)
        except Unprocessable as refused:
            if not await self._clear_pending(effect, send_before):
                raise refused from None
            return await self._create(effect, send_before)

    async def tidy(self, effect: Review, receipt: Receipt, send_before: float) -> Receipt:
        known = {each.remote_id: each for each in [receipt, *await self._listed(effect)]}
        return oldest(list(known.values())) or receipt

    async def _listed(self, effect: Review) -> list[Receipt]:
        reviews = await self._calls(effect).all(effect.repo, _reviews(effect))
        submitted = [each for each in reviews if each.get("state") != "PENDING" and _pinned(effect, each)]
        return carrying(effect.slot, submitted, await self._identity.get())

    async def _create(self, effect: Review, send_before: float) -> Receipt:
        body = {
            "commit_id": effect.sha,
            "event": str(effect.event),
            "body": marked(effect.body, effect.slot),
            "comments": [
                {"path": each.path, "line": each.line, "side": each.side, "body": each.body} for each in effect.comments
            ],
        }
        made = await self._calls(effect).write(effect.repo, "POST", _reviews(effect), body, send_before=send_before)
        return receipt(made)

    async def _clear_pending(self, effect: Review, send_before: float) -> bool:
        """Whether a pending review of ours was in the way (only its author sees one, and the author is checked). What
        the person whose token is used has not submitted yet stays theirs."""
        us = await self._identity.get()
        reviews = await self._calls(effect).all(effect.repo, _reviews(effect))
        pending = [each for each in reviews if each.get("state") == "PENDING" and us.said(each)]
        for each in pending:
            try:
                path = f"{_reviews(effect)}/{int(each['id'])}"
                await self._calls(effect).write(effect.repo, "DELETE", path, send_before=send_before)
            except NotFound:
                continue
        return bool(pending)

    def _calls(self, effect: Review) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _reviews(effect: Review) -> str:
    return f"pulls/{effect.number}/reviews"


def _pinned(effect: Review, review: Any) -> bool:
    # Null once the commit is gone from the repository; the marker holds the sha as well.
    return review.get("commit_id") in (None, effect.sha)
