"""Merging a commit into a scratch branch. GitHub answers 201 with the merge, 204 where the branch holds the commit
already, 409 where they conflict. A branch that is not where it is expected is looked at again: a replica may not show
yet how it was just made or moved.

https://docs.github.com/en/rest/branches/branches#merge-a-branch
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import MergeInto
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Unreachable


class MergeIntoPerformer:
    repeatable = True
    """The second one is answered with 204."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: MergeInto, remote_id: str | None) -> Receipt | None:
        tip = await self._tip(effect)
        if not tip:
            return None
        # One commit a page: only the count is wanted.
        path = f"compare/{tip}...{effect.sha}"
        found = (await self._calls(effect).get(effect.repo, path, params={"per_page": 1})).data
        lacks = parsed("comparison", lambda data: int(data["ahead_by"]), found)
        return None if lacks else self._receipt(effect, tip)

    async def perform(self, effect: MergeInto, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        tip = await self._tip(effect)
        if tip != effect.onto:
            is_at = f"points at {tip[:12]}" if tip else "does not exist"
            why = f"{effect.branch} in {effect.repo.full_name} {is_at}; expected at {effect.onto[:12]}"
            raise Unreachable(why, sent=False)
        body = {"base": effect.branch, "head": effect.sha}
        if effect.message:
            body["commit_message"] = effect.message
        made = await self._calls(effect).write(effect.repo, "POST", "merges", body, send_before=send_before)
        return self._receipt(effect, parsed("merge", _commit, made) if made else tip)

    async def tidy(self, effect: MergeInto, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    async def _tip(self, effect: MergeInto) -> str:
        return await self._calls(effect).ref(effect.repo, f"heads/{effect.branch}")

    def _receipt(self, effect: MergeInto, tip: str) -> Receipt:
        return Receipt(tip, f"{self._github.web_url}/{effect.repo.full_name}/commit/{tip}")

    def _calls(self, effect: MergeInto) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _commit(made: Any) -> str:
    return str(made["sha"])
