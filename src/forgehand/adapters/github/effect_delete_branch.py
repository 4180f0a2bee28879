"""Deleting the branch of a merged pull request: only while it points at what was merged.

https://docs.github.com/en/rest/git/refs#delete-a-reference
"""

from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import DeleteBranch
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Conflict, Unprocessable


class DeleteBranchPerformer:
    repeatable = True
    """A branch that is gone is not deleted again."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: DeleteBranch, remote_id: str | None) -> Receipt | None:
        return None if await self._tip(effect) else _receipt(effect)

    async def perform(self, effect: DeleteBranch, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        await self._check_merged(effect)
        tip = await self._tip(effect)
        if tip and tip != effect.sha:
            raise Conflict(
                f"{effect.branch} in {effect.repo.full_name} points at {tip[:12]}; #{effect.number} was merged at "
                f"{effect.sha[:12]}"
            )
        if tip:
            await self._delete(effect, send_before)
        return _receipt(effect)

    async def tidy(self, effect: DeleteBranch, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    async def _check_merged(self, effect: DeleteBranch) -> None:
        pull = (await self._calls(effect).get(effect.repo, f"pulls/{effect.number}")).data
        if not parsed("pull request", lambda data: _merged_from(effect, data), pull):
            raise Unprocessable(
                f"#{effect.number} of {effect.repo.full_name} was not merged from its own branch {effect.branch} at "
                f"{effect.sha[:12]}; the branch stays"
            )

    async def _tip(self, effect: DeleteBranch) -> str:
        return await self._calls(effect).ref(effect.repo, f"heads/{effect.branch}")

    async def _delete(self, effect: DeleteBranch, send_before: float) -> None:
        path = f"git/refs/heads/{quote(effect.branch)}"
        try:
            await self._calls(effect).write(effect.repo, "DELETE", path, send_before=send_before)
        except Unprocessable:
            # Somebody was faster, perhaps GitHub itself, which a repository can tell to delete merged branches.
            if await self._tip(effect):
                raise

    def _calls(self, effect: DeleteBranch) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _merged_from(effect: DeleteBranch, pull: Any) -> bool:
    head = pull["head"]
    at_home = (head.get("repo") or {}).get("id") == effect.repo.id
    return bool(pull["merged"]) and at_home and (head["ref"], head["sha"]) == (effect.branch, effect.sha)


def _receipt(effect: DeleteBranch) -> Receipt:
    return Receipt(effect.sha)
