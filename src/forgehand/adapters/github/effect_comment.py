"""Sticky comments: found by stored id, else by our marker in the full list; edited in place; doubles deleted.

https://docs.github.com/en/rest/issues/comments
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.owned import carrying, first_of, marked, oldest, receipt
from forgehand.domain.effects import StickyComment
from forgehand.ports.effects import Receipt
from forgehand.ports.github import NotFound


class CommentPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._github = github
        self._tokens = tokens
        self._identity = identity

    async def find(self, effect: StickyComment, remote_id: str | None) -> Receipt | None:
        if remote_id and (stored := await self._comment(effect, remote_id)):
            return receipt(stored)
        return oldest(await self._listed(effect))

    async def perform(self, effect: StickyComment, existing: Receipt | None, send_before: float) -> Receipt:
        body = marked(effect.body, effect.slot)
        present = await self._comment(effect, existing.remote_id) if existing else None
        if present is None:
            # New, or deleted by somebody since it was found.
            path = f"issues/{effect.number}/comments"
            return receipt(
                await self._calls(effect).write(effect.repo, "POST", path, {"body": body}, send_before=send_before)
            )
        surplus = existing.surplus if existing else ()
        made = receipt(present)
        if present.get("body") != body:
            made = await self._edit(effect, made.remote_id, send_before)
        return Receipt(made.remote_id, made.url, surplus)

    async def tidy(self, effect: StickyComment, receipt: Receipt, send_before: float) -> Receipt:
        kept = first_of(receipt, await self._listed(effect))
        if not kept.surplus:
            return kept
        if kept.remote_id != receipt.remote_id:
            edited = await self._edit(effect, kept.remote_id, send_before)
            kept = Receipt(edited.remote_id, edited.url, kept.surplus)
        for each in kept.surplus:
            await self._delete(effect, each, send_before)
        return Receipt(kept.remote_id, kept.url)

    async def _comment(self, effect: StickyComment, remote_id: str) -> Any:
        found = await self._calls(effect).get_or_none(effect.repo, f"issues/comments/{int(remote_id)}")
        return found if found and (await self._identity.get()).wrote(found) else None

    async def _listed(self, effect: StickyComment) -> list[Receipt]:
        comments = await self._calls(effect).all(effect.repo, f"issues/{effect.number}/comments")
        return carrying(effect.slot, comments, await self._identity.get())

    async def _edit(self, effect: StickyComment, remote_id: str, send_before: float) -> Receipt:
        body = {"body": marked(effect.body, effect.slot)}
        path = f"issues/comments/{int(remote_id)}"
        return receipt(await self._calls(effect).write(effect.repo, "PATCH", path, body, send_before=send_before))

    async def _delete(self, effect: StickyComment, remote_id: str, send_before: float) -> None:
        path = f"issues/comments/{int(remote_id)}"
        try:
            await self._calls(effect).write(effect.repo, "DELETE", path, send_before=send_before)
        except NotFound:
            return

    def _calls(self, effect: StickyComment) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)
