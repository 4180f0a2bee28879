"""GitHub's GraphQL, for what REST does not have: review threads. Used by `calls`.

Its refusals come with status 200 and a type of their own; each is told as the refusal of REST that means the same.
https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
"""

from collections.abc import Mapping
from typing import Any

from forgehand.adapters.github.client import WHENEVER, Answer, As, GitHub
from forgehand.adapters.github.errors import Actor, Refusal, error_of
from forgehand.ports.github import Throttled, Token, Unreachable

_MEANS = {
    "NOT_FOUND": 404,
    "FORBIDDEN": 403,
    "INSUFFICIENT_SCOPES": 403,
    "RATE_LIMITED": 429,
    "RATE_LIMIT": 429,
    "SERVICE_UNAVAILABLE": 503,
    "INTERNAL": 500,
}
_REFUSED = 422


async def query(github: GitHub, document: str, variables: Mapping[str, Any], actor: As, *, lane: int = 0) -> Any:
    """The data of a query, repeated as any read is."""
    asked = f"GraphQL {_name(document)}"
    answer = await github.ask(github.graphql_url, actor, _body(document, variables), lane=lane, label=asked)
    try:
        return _data(github, answer, actor, asked, lane)
    except Unreachable as error:
        raise Unreachable(error.why, sent=False) from None


async def mutate(
    github: GitHub,
    document: str,
    variables: Mapping[str, Any],
    actor: As,
    *,
    send_before: float = WHENEVER,
    lane: int = 0,
) -> Any:
    """The data of a mutation, sent once."""
    asked = f"GraphQL {_name(document)}"
    answer = await github.write(
        "POST",
        github.graphql_url,
        actor,
        body=_body(document, variables),
        send_before=send_before,
        lane=lane,
        label=asked,
    )
    return _data(github, answer, actor, asked, lane)


def _name(document: str) -> str:
    """`query Threads`, as the document begins."""
    return document.partition("(")[0].strip()


def _body(document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": document, "variables": dict(variables)}


def _data(github: GitHub, answer: Answer, actor: As, asked: str, lane: int) -> Any:
    body = answer.data if isinstance(answer.data, Mapping) else {}
    if not (errors := body.get("errors")):
        return body.get("data")
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], Mapping) else {}
    error = error_of(
        Refusal(
            asked=f"POST {asked}",
            actor=Actor.TOKEN if isinstance(actor, Token) else actor,
            status=_status(first),
            headers=answer.headers,
            body={"message": first.get("message")},
            now=github.clock(),
            skew=answer.skew,
        )
    )
    if isinstance(error, Throttled):
        github.close(lane, error.after, only=github.graphql_url if _points_are_used_up(answer) else "")
    raise error


def _points_are_used_up(answer: Answer) -> bool:
    """Whether it is the hourly limit, which counts GraphQL apart from REST; all others are shared.
    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""
    return answer.headers.get("x-ratelimit-remaining") == "0" and "retry-after" not in answer.headers


def _status(error: Mapping[str, Any]) -> int:
    if "something went wrong" in str(error.get("message")).lower():
        return 502
    return _MEANS.get(str(error.get("type")), _REFUSED)
