"""Reviews, review threads and comments of a pull request. Used by assembly, and threads by `effect_thread`.

https://docs.github.com/en/rest/pulls/reviews, https://docs.github.com/en/rest/issues/comments
https://docs.github.com/en/graphql/reference/objects#pullrequestreviewthread
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity, Self
from forgehand.domain.effects.base import read_marker
from forgehand.domain.repositories import Repo
from forgehand.ports.conversation import IssueComment, SubmittedReview, Thread

READ_CONVERSATION = {"pull_requests": "read"}
READ_ISSUES = {"issues": "read"}

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          isResolved
          path
          comments(first: 50) { totalCount nodes { body author { __typename login } } }
        }
      }
    }
  }
}
"""


class ConversationReader:
    """`ports.conversation.Conversation`."""

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, READ_CONVERSATION)
        self._identity = identity

    async def reviews(self, repo: Repo, number: int) -> Sequence[SubmittedReview]:
        us = await self._identity.get()
        found = await self._calls.all(repo, f"pulls/{int(number)}/reviews")
        # A pending one is shown to its author only.
        submitted = [each for each in found if each.get("state") != "PENDING"]
        return [parsed("review", lambda data: _review(data, us), each) for each in submitted]

    async def threads(self, repo: Repo, number: int) -> Sequence[Thread]:
        us = await self._identity.get()
        found: list[Thread] = []
        variables: dict[str, Any] = {"owner": repo.owner, "name": repo.name, "number": int(number), "after": None}
        while True:
            page = parsed("list of threads", _threads, await self._calls.query(repo, THREADS, variables))
            found.extend(parsed("thread", lambda data: _thread(data, us), each) for each in page["nodes"])
            if not page["pageInfo"]["hasNextPage"]:
                return found
            variables["after"] = page["pageInfo"]["endCursor"]

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        return await _read_comment(self._calls, self._identity, repo, comment)


class IssueCommentReader:
    """`ports.conversation.IssueComments`: with the permission that issues need."""

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, READ_ISSUES)
        self._identity = identity

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        return await _read_comment(self._calls, self._identity, repo, comment)


async def _read_comment(calls: RepoCalls, identity: Identity, repo: Repo, comment: int) -> IssueComment | None:
    us = await identity.get()
    found = await calls.get_or_none(repo, f"issues/comments/{int(comment)}")
    return parsed("comment", lambda data: _comment(data, us), found) if found else None


def _review(data: Mapping[str, Any], us: Self) -> SubmittedReview:
    ours = us.said(data)
    return SubmittedReview(
        # Null once the account is deleted: GitHub then shows “ghost”.
        author=str((data.get("user") or {}).get("login") or "ghost"),
        state=data["state"],
        commit=str(data.get("commit_id") or ""),
        submitted_at=datetime.fromisoformat(data["submitted_at"]).timestamp(),
        ours=ours,
        id=int(data["id"]),
        slot=(read_marker(data.get("body")) or "") if ours else "",
    )


def _threads(data: Mapping[str, Any]) -> Mapping[str, Any]:
    pull = data["repository"]["pullRequest"]
    threads: Mapping[str, Any] = pull["reviewThreads"]
    return threads


def _thread(data: Mapping[str, Any], us: Self) -> Thread:
    comments = data["comments"]["nodes"]
    ours = [us.said({"user": _account(each.get("author") or {}), "body": each["body"]}) for each in comments]
    return Thread(
        id=str(data["id"]),
        resolved=data["isResolved"] is True,
        path=str(data["path"]),
        body=str(comments[0]["body"]) if comments else "",
        ours=bool(ours) and ours[0],
        # So long a conversation is not ours alone.
        answered=not all(ours) or int(data["comments"]["totalCount"]) > len(comments),
    )


def _account(author: Mapping[str, Any]) -> Mapping[str, Any]:
    """As REST writes it: a bot's login ends in `[bot]` there, and nowhere in GraphQL."""
    kind, login = str(author.get("__typename", "")), str(author.get("login", ""))
    return {"type": kind, "login": f"{login}[bot]" if kind == "Bot" else login}


def _comment(data: Mapping[str, Any], us: Self) -> IssueComment:
    return IssueComment(
        id=int(data["id"]),
        number=int(str(data["issue_url"]).rpartition("/")[2]),
        author=str((data.get("user") or {}).get("login") or "ghost"),
        body=str(data.get("body") or ""),
        edited=data["updated_at"] != data["created_at"],
        ours=us.said(data),
        created_at=datetime.fromisoformat(data["created_at"]).timestamp(),
    )
