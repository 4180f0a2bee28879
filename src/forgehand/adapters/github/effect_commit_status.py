"""Checks told as commit statuses, for a person's token: GitHub lets only Apps create check runs.

The context is the check's name, the title its description; there is no summary and there are no annotations. Statuses
are only ever added, and the newest of a context counts, so that saying the same twice changes nothing.
https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
"""

from collections.abc import Mapping
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.domain.effects import CheckRun, Conclusion
from forgehand.ports.effects import Receipt

LONGEST = 140
"""GitHub's limit of characters in a description."""

NEUTRAL = "Neutral: "
"""How the description of a neutral check begins, by which `read_checks` knows it again."""

WRITE_STATUSES = {"statuses": "write"}

_STATES = {
    None: "pending",
    Conclusion.SUCCESS: "success",
    # Neutral passes where a check is required, and a status knows nothing between: the description says it.
    Conclusion.NEUTRAL: "success",
    Conclusion.FAILURE: "failure",
    Conclusion.ACTION_REQUIRED: "failure",
}


class CommitStatusPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, WRITE_STATUSES)
        self._identity = identity

    async def find(self, effect: CheckRun, remote_id: str | None) -> Receipt | None:
        newest = await self._newest(effect)
        return _receipt(newest) if newest else None

    async def perform(self, effect: CheckRun, existing: Receipt | None, send_before: float) -> Receipt:
        body = _content(effect)
        newest = await self._newest(effect) if existing else None
        if newest and all((newest.get(name) or "") == value for name, value in body.items()):
            return _receipt(newest)
        made = await self._calls.write(effect.repo, "POST", f"statuses/{effect.sha}", body, send_before=send_before)
        return _receipt(made)

    async def tidy(self, effect: CheckRun, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    async def _newest(self, effect: CheckRun) -> Mapping[str, Any] | None:
        """Ours of this name; GitHub lists the newest first."""
        us = await self._identity.get()
        async for page in self._calls.pages(effect.repo, f"commits/{effect.sha}/statuses"):
            for status in page.data:
                if status.get("context") == effect.name and us.wrote({"user": status.get("creator")}):
                    found: Mapping[str, Any] = status
                    return found
        return None


def _content(effect: CheckRun) -> dict[str, str]:
    title = NEUTRAL + effect.title if effect.conclusion is Conclusion.NEUTRAL else effect.title
    title = title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"
    body = {"context": effect.name, "state": _STATES[effect.conclusion], "description": title}
    return body | ({"target_url": effect.details_url} if effect.details_url else {})


def _receipt(status: Any) -> Receipt:
    return parsed(
        "commit status", lambda data: Receipt(str(int(data["id"])), str(data.get("target_url") or "")), status
    )
