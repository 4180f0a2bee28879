"""Review threads: resolved by GraphQL alone, and resolving twice changes nothing.

https://docs.github.com/en/graphql/reference/mutations#resolvereviewthread
"""

from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import ResolveThread
from forgehand.ports.effects import Receipt
from forgehand.ports.github import NotFound

_THREAD = """
query Thread($thread: ID!) {
  node(id: $thread) { ... on PullRequestReviewThread { id isResolved } }
}
"""

_RESOLVE = """
mutation ResolveThread($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""


class ThreadPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: ResolveThread, remote_id: str | None) -> Receipt | None:
        data = await self._calls(effect).query(effect.repo, _THREAD, {"thread": effect.thread})
        thread = parsed("answer to a query", lambda given: given["node"], data)
        if not thread:
            raise NotFound(f"there is no review thread {effect.thread} in {effect.repo.full_name}")
        return self._receipt(effect) if parsed("thread", _resolved, thread) else None

    async def perform(self, effect: ResolveThread, existing: Receipt | None, send_before: float) -> Receipt:
        if not existing:
            await self._calls(effect).mutate(effect.repo, _RESOLVE, {"thread": effect.thread}, send_before=send_before)
        return self._receipt(effect)

    async def tidy(self, effect: ResolveThread, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    def _receipt(self, effect: ResolveThread) -> Receipt:
        return Receipt(effect.thread, f"{self._github.web_url}/{effect.repo.full_name}/pull/{effect.number}")

    def _calls(self, effect: ResolveThread) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _resolved(thread: Any) -> bool:
    return bool(thread["isResolved"])
