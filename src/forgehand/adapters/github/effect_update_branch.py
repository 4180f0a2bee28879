"""Bringing a pull request's branch up to date: GitHub compares the head, answers 202 and merges afterwards.

https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch
"""

from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import UpdateBranch
from forgehand.ports.effects import Receipt


class UpdateBranchPerformer:
    repeatable = True
    """A second one is refused: the head is another by then."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: UpdateBranch, remote_id: str | None) -> Receipt | None:
        """A head that holds the one we saw and lacks nothing of the base; whoever made it so."""
        calls = self._calls(effect)
        pull = (await calls.get(effect.repo, f"pulls/{effect.number}")).data
        head, base = parsed("pull request", _head_and_base, pull)
        if head == effect.sha:
            return None
        for held in (effect.sha, quote(base)):
            # One commit a page: only the counts are wanted.
            found = (await calls.get(effect.repo, f"compare/{held}...{head}", params={"per_page": 1})).data
            if parsed("comparison", lambda data: int(data["behind_by"]), found):
                return None
        return self._receipt(effect)

    async def perform(self, effect: UpdateBranch, existing: Receipt | None, send_before: float) -> Receipt:
        if not existing:
            path, body = f"pulls/{effect.number}/update-branch", {"expected_head_sha": effect.sha}
            await self._calls(effect).write(effect.repo, "PUT", path, body, send_before=send_before)
        return self._receipt(effect)

    async def tidy(self, effect: UpdateBranch, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    def _receipt(self, effect: UpdateBranch) -> Receipt:
        return Receipt(effect.sha, f"{self._github.web_url}/{effect.repo.full_name}/pull/{effect.number}")

    def _calls(self, effect: UpdateBranch) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _head_and_base(pull: Any) -> tuple[str, str]:
    return str(pull["head"]["sha"]), str(pull["base"]["ref"])
