"""What the types of the schema hold, as plain values; a field with arguments is a function of them.

https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from forgehand.practice import render
from forgehand.practice.acts import conversations
from forgehand.practice.acts.conversations import Thread
from forgehand.practice.records import Pull, ReviewComment
from forgehand.practice.router import Request
from forgehand.practice.world import World

MOST = 100


class Denied(Exception):
    """An error of GitHub's, with its `type`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Viewer(Protocol):
    """Who looks. `resolvers.Root` is one."""

    @property
    def request(self) -> Request: ...

    def resolves(self, thread: Thread) -> bool: ...


def pull(viewer: Viewer, value: Pull) -> dict[str, Any]:
    def threads(info: object, **page: Any) -> dict[str, Any]:
        found = viewer.request.fresh(conversations.of(viewer.request.world, value))
        return _connection("reviewThreads", found, page, lambda item: thread(viewer, item))

    return {
        "__typename": "PullRequest",
        "id": render.node("PR_kwDO", value.pull_id),
        "databaseId": value.pull_id,
        "number": value.number,
        "title": value.title,
        "state": "MERGED" if value.merged else value.state.upper(),
        "isDraft": value.draft,
        "headRefOid": value.head_sha,
        "headRefName": value.head_ref,
        "baseRefName": value.base_ref,
        "author": actor(viewer.request.world, value.user),
        "reviewThreads": threads,
    }


def thread(viewer: Viewer, value: Thread) -> dict[str, Any]:
    world, first = viewer.request.world, value.comments[0]
    line, start, _ = render.reviews.current_place(world, value.pull, first)

    def comments(info: object, **page: Any) -> dict[str, Any]:
        found = viewer.request.fresh(list(value.comments))
        return _connection("comments", found, page, lambda item: comment(world, value.pull, item))

    may, resolver = viewer.resolves(value), value.resolved_by
    # The schema has a `User` here, which an app's bot is not.
    person = resolver if resolver and world.app_of(resolver) is None else None
    return {
        "__typename": "PullRequestReviewThread",
        "id": value.id,
        "isResolved": resolver is not None,
        "isOutdated": line is None and first.line is not None,
        "isCollapsed": resolver is not None,
        "path": first.path,
        "line": line,
        "originalLine": first.line,
        "startLine": start,
        "originalStartLine": first.start_line,
        "diffSide": first.side,
        "startDiffSide": first.start_side,
        "subjectType": first.subject_type.upper(),
        "resolvedBy": actor(world, person) if person else None,
        "viewerCanResolve": may and resolver is None,
        "viewerCanUnresolve": may and resolver is not None,
        "pullRequest": lambda info: pull(viewer, value.pull),
        "comments": comments,
    }


def comment(world: World, above: Pull, value: ReviewComment) -> dict[str, Any]:
    line, *_ = render.reviews.current_place(world, above, value)
    shown = render.reviews.comment(world, value)
    answered = world.review_comments.get(value.in_reply_to_id or 0)
    return {
        "__typename": "PullRequestReviewComment",
        "id": shown["node_id"],
        "databaseId": value.id,
        "fullDatabaseId": str(value.id),
        "author": actor(world, value.user),
        "body": value.body,
        "path": value.path,
        "commit": _commit(shown["commit_id"]),
        "originalCommit": _commit(value.commit_id),
        "outdated": line is None and value.line is not None,
        "createdAt": shown["created_at"],
        "url": shown["html_url"],
        "replyTo": comment(world, above, answered) if answered else None,
    }


def actor(world: World, login: str) -> dict[str, Any]:
    """A bot's login stands without `[bot]` here, unlike in REST."""
    account = world.account(login)
    prefix = {"Bot": "BOT_kgDO", "Organization": "O_kgDO"}.get(account.type, "U_kgDO")
    name = account.login.removesuffix("[bot]")
    return {"__typename": account.type, "id": render.node(prefix, account.id), "login": name}


def _commit(sha: str) -> dict[str, Any]:
    return {"__typename": "Commit", "id": render.node("C_kwDO", sha), "oid": sha}


def _connection(
    name: str, items: Sequence[Any], page: dict[str, Any], show: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """A slice of a list. A cursor is the position behind which to go on."""
    first, last = page.get("first"), page.get("last")
    if first is None and last is None:
        words = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise Denied("MISSING_PAGINATION_BOUNDARIES", words)
    for bound, size in (("first", first), ("last", last)):
        if size is not None and size > MOST:
            words = (
                f"Requesting {size} records on the `{name}` connection exceeds the `{bound}` limit of {MOST} records."
            )
            raise Denied("EXCESSIVE_PAGINATION", words)
    after, before = page.get("after"), page.get("before")
    start = _position(after) if after else 0
    end = _position(before) - 1 if before else len(items)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    edges = [{"cursor": _cursor(i + 1), "node": show(items[i])} for i in range(start, end)]
    return {
        "nodes": [edge["node"] for edge in edges],
        "edges": edges,
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _cursor(position: int) -> str:
    return base64.b64encode(f"cursor:v2:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().rpartition(":")[2])
    except ValueError as error:
        raise Denied("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from error
