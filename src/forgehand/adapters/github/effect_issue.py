"""Sticky issues: found by stored number, else by our marker among the issues that our App opened; edited in place.

An issue cannot be deleted through this API: a double is closed, and says of which one it is.
https://docs.github.com/en/rest/issues/issues
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.owned import first_of, marked, oldest
from forgehand.domain.effects import StickyIssue
from forgehand.domain.effects.base import read_marker
from forgehand.ports.effects import Receipt


class IssuePerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._github = github
        self._tokens = tokens
        self._identity = identity

    async def find(self, effect: StickyIssue, remote_id: str | None) -> Receipt | None:
        if remote_id and (stored := await self._issue(effect, remote_id)):
            return _receipt(stored)
        return oldest(await self._listed(effect))

    async def perform(self, effect: StickyIssue, existing: Receipt | None, send_before: float) -> Receipt:
        content = {"title": effect.title, "body": marked(effect.body, effect.slot)}
        present = await self._issue(effect, existing.remote_id) if existing else None
        if present is None:
            # New, or deleted or transferred by somebody since it was found.
            return _receipt(await self._write(effect, "POST", "issues", content, send_before))
        made = _receipt(present)
        if any(present.get(name) != value for name, value in content.items()):
            made = await self._edit(effect, made.remote_id, content, send_before)
        return Receipt(made.remote_id, made.url, existing.surplus if existing else ())

    async def tidy(self, effect: StickyIssue, receipt: Receipt, send_before: float) -> Receipt:
        kept = first_of(receipt, await self._listed(effect))
        for each in kept.surplus:
            closed = {"state": "closed", "state_reason": "not_planned", "body": f"A double of #{kept.remote_id}."}
            await self._edit(effect, each, closed, send_before)
        if kept.remote_id != receipt.remote_id:
            content = {"title": effect.title, "body": marked(effect.body, effect.slot)}
            kept = await self._edit(effect, kept.remote_id, content, send_before)
        return Receipt(kept.remote_id, kept.url)

    async def _issue(self, effect: StickyIssue, remote_id: str) -> Any:
        found = await self._calls(effect).get_or_none(effect.repo, f"issues/{int(remote_id)}")
        # GitHub leads from a transferred issue to where it is now, under another number.
        here = found and str(found.get("number")) == remote_id
        return found if here and (await self._identity.get()).wrote(found) else None

    async def _listed(self, effect: StickyIssue) -> list[Receipt]:
        us = await self._identity.get()
        params: dict[str, str | int] = {"state": "all", "creator": us.login}
        found = await self._calls(effect).all(effect.repo, "issues", params=params)
        ours = [each for each in found if "pull_request" not in each and us.wrote(each)]
        return [_receipt(each) for each in ours if read_marker(each.get("body")) == effect.slot]

    async def _edit(self, effect: StickyIssue, number: str, content: Any, send_before: float) -> Receipt:
        return _receipt(await self._write(effect, "PATCH", f"issues/{int(number)}", content, send_before))

    async def _write(self, effect: StickyIssue, method: Any, path: str, body: Any, send_before: float) -> Any:
        return await self._calls(effect).write(effect.repo, method, path, body, send_before=send_before)

    def _calls(self, effect: StickyIssue) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _receipt(issue: Any) -> Receipt:
    return parsed("issue", lambda data: Receipt(str(int(data["number"])), str(data["html_url"])), issue)
