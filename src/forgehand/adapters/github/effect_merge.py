"""Merges: `sha` makes GitHub refuse another head; whether it happened, and into which branch it would, is read from the
pull request itself.

https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import Merge
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Conflict


class MergePerformer:
    repeatable = True
    """A second merge is answered with 405."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: Merge, remote_id: str | None) -> Receipt | None:
        """Merged at the head that was judged, by whomever. Merged at another head is not this effect,
        and one that would go elsewhere by now is not merged: GitHub takes whatever base it has."""
        pull = (await self._calls(effect).get(effect.repo, f"pulls/{effect.number}")).data
        return parsed("pull request", lambda data: _merged(effect, data), pull)

    async def perform(self, effect: Merge, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        body = {"sha": effect.sha, "merge_method": str(effect.method)}
        path = f"pulls/{effect.number}/merge"
        made = await self._calls(effect).write(effect.repo, "PUT", path, body, send_before=send_before)
        url = f"{self._github.web_url}/{effect.repo.full_name}/pull/{effect.number}"
        return parsed("merge", lambda data: Receipt(str(data["sha"]), url), made)

    async def tidy(self, effect: Merge, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    def _calls(self, effect: Merge) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _merged(effect: Merge, pull: Any) -> Receipt | None:
    if not pull["merged"]:
        if (base := str(pull["base"]["ref"])) != effect.base:
            raise Conflict(f"{effect.repo.full_name}#{effect.number} goes into {base} now, not {effect.base}")
        return None
    if pull["head"]["sha"] != effect.sha:
        return None
    return Receipt(str(pull["merge_commit_sha"]), str(pull["html_url"]))
