"""Review threads through GraphQL: reading, resolving, refusals, and what is not modelled."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from support.forge import Receiver, Sample, client

R = "/repos/octo/sample"
NAME = "octo/sample"
THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 2, after: $after) {
        nodes {
          id isResolved isOutdated path line originalLine
          comments(first: 1) { nodes { databaseId author { login } body originalCommit { oid } } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
RESOLVE = """
mutation($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { id isResolved resolvedBy { login } } }
}
"""
VARIABLES = {"owner": "octo", "name": "sample", "number": 1}


def _ask(api: httpx2.Client, query: str, variables: Mapping[str, Any] = VARIABLES) -> Any:
    reply = api.post("/graphql", json={"query": query, "variables": dict(variables)})
    assert reply.status_code == 200, reply.text
    return reply.json()


def _threads(api: httpx2.Client, **more: Any) -> Any:
    answer = _ask(api, THREADS, VARIABLES | more)
    assert "errors" not in answer, answer
    return answer["data"]["repository"]["pullRequest"]["reviewThreads"]


def _first_error(api: httpx2.Client, query: str, **variables: Any) -> Any:
    return _ask(api, query, variables)["errors"][0]


def _comment(sample: Sample, line: int, user: str = "ann") -> None:
    anchored = {"path": "notes.txt", "line": line, "side": "RIGHT", "body": f"line {line}"}
    sample.forge.review(NAME, 1, user, "COMMENT", "see", [anchored])


def test_a_thread_is_a_comment_with_its_replies(sample: Sample, api: httpx2.Client) -> None:
    _comment(sample, 1)
    first = sample.forge.review_comments(NAME, 1)[0]
    api.post(f"{R}/pulls/1/comments/{first.id}/replies", json={"body": "why?"})
    threads = _threads(api)
    assert threads["pageInfo"]["hasNextPage"] is False
    (thread,) = threads["nodes"]
    assert (thread["path"], thread["line"], thread["isResolved"], thread["isOutdated"]) == (
        "notes.txt",
        1,
        False,
        False,
    )
    assert thread["id"].startswith("PRRT_")
    assert thread["comments"]["nodes"] == [
        {
            "databaseId": first.id,
            "author": {"login": "ann"},
            "body": "line 1",
            "originalCommit": {"oid": sample.pull.head_sha},
        }
    ]


def test_pages_follow_their_cursor(sample: Sample, api: httpx2.Client) -> None:
    for line in (1, 2, 3):
        _comment(sample, line)
    first = _threads(api)
    assert [thread["line"] for thread in first["nodes"]] == [1, 2]
    rest = _threads(api, after=first["pageInfo"]["endCursor"])
    assert [thread["line"] for thread in rest["nodes"]] == [3]
    assert rest["pageInfo"]["hasNextPage"] is False


def test_a_line_that_is_gone_makes_its_thread_outdated(sample: Sample, api: httpx2.Client) -> None:
    _comment(sample, 2)
    sample.forge.commit(NAME, "feature", {"notes.txt": "one\n"})
    (thread,) = _threads(api)["nodes"]
    assert (thread["isOutdated"], thread["line"], thread["originalLine"]) == (True, None, 2)


def test_a_bot_s_login_stands_without_its_brackets(sample: Sample, api: httpx2.Client) -> None:
    _comment(sample, 1, "forgehand[bot]")
    (thread,) = _threads(api)["nodes"]
    assert thread["comments"]["nodes"][0]["author"]["login"] == "forgehand"


def test_resolving_is_seen_and_told_once(sample: Sample, api: httpx2.Client) -> None:
    _comment(sample, 1)
    identifier = _threads(api)["nodes"][0]["id"]
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        for _ in range(2):
            answer = _ask(api, RESOLVE, {"id": identifier})
            assert answer["data"]["resolveReviewThread"]["thread"]["isResolved"] is True
        sample.forge.webhooks.settle()
        told = [d for d in sample.forge.deliveries(sample.app) if d.event == "pull_request_review_thread"]
    assert [(d.action, d.payload["thread"]["node_id"]) for d in told] == [("resolved", identifier)]
    assert _threads(api)["nodes"][0]["isResolved"] is True
    back = _ask(api, RESOLVE.replace("resolveReviewThread", "unresolveReviewThread"), {"id": identifier})
    assert back["data"]["unresolveReviewThread"]["thread"]["isResolved"] is False


@pytest.mark.parametrize(
    "permissions",
    [{"pull_requests": "read"}, {"pull_requests": "write"}, {"contents": "write", "pull_requests": "read"}],
)
def test_an_app_needs_pull_requests_and_contents_to_resolve(sample: Sample, permissions: Mapping[str, str]) -> None:
    _comment(sample, 1)
    with sample.client(permissions) as weak:
        identifier = _threads(weak)["nodes"][0]["id"]
        answer = _ask(weak, RESOLVE, {"id": identifier})
        assert answer["data"] == {"resolveReviewThread": None}
        error = answer["errors"][0]
        assert (error["type"], error["path"]) == ("FORBIDDEN", ["resolveReviewThread"])
        assert error["message"] == "Resource not accessible by integration"
        assert _threads(weak)["nodes"][0]["isResolved"] is False


def test_a_person_resolves_with_push_access_or_on_the_own_pull_request(sample: Sample) -> None:
    _comment(sample, 1)
    with client(sample.url, sample.forge.create_token("passer-by")) as passer_by:
        identifier = _threads(passer_by)["nodes"][0]["id"]
        words = "passer-by does not have the correct permissions to execute `ResolveReviewThread`"
        assert _first_error(passer_by, RESOLVE, id=identifier)["message"] == words
    with client(sample.url, sample.forge.create_token("dev")) as author:
        thread = _ask(author, RESOLVE, {"id": identifier})["data"]["resolveReviewThread"]["thread"]
        assert thread["resolvedBy"] == {"login": "dev"}


def test_what_is_not_there_or_not_to_be_seen_is_not_found(sample: Sample, api: httpx2.Client) -> None:
    answer = _ask(api, THREADS, VARIABLES | {"name": "none"})
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    assert answer["errors"][0]["message"] == "Could not resolve to a Repository with the name 'octo/none'."
    missing = _ask(api, THREADS, VARIABLES | {"number": 99})
    assert missing["data"] == {"repository": {"pullRequest": None}}
    assert missing["errors"][0]["path"] == ["repository", "pullRequest"]
    assert _first_error(api, RESOLVE, id="PRRT_none")["type"] == "NOT_FOUND"
    with sample.client({"contents": "read"}) as blind:
        assert _ask(blind, THREADS)["errors"][0]["type"] == "FORBIDDEN"


def test_a_connection_wants_its_bounds(api: httpx2.Client) -> None:
    query = (
        '{ repository(owner: "octo", name: "sample") { pullRequest(number: 1) { reviewThreads%s { totalCount } } } }'
    )
    assert _first_error(api, query % "")["type"] == "MISSING_PAGINATION_BOUNDARIES"
    assert _first_error(api, query % "(first: 101)")["type"] == "EXCESSIVE_PAGINATION"


def test_bad_documents_are_answered_with_errors(api: httpx2.Client) -> None:
    assert "Syntax Error" in _first_error(api, "{ repository(")["message"]
    assert "$owner" in _ask(api, THREADS, {})["errors"][0]["message"]
    assert "query attribute" in api.post("/graphql", json={}).json()["errors"][0]["message"]


def test_what_is_not_modelled_fails_loudly(sample: Sample, api: httpx2.Client) -> None:
    refused = api.post("/graphql", json={"query": '{ repository(owner: "octo", name: "sample") { stargazerCount } }'})
    assert refused.status_code == 501
    assert "stargazerCount" in refused.json()["message"]
    assert [call.path for call in sample.forge.unmodelled()] == ["/graphql"]
    # Asked on purpose.
    sample.forge.clear_calls()


def test_it_wants_a_token(sample: Sample) -> None:
    assert client(sample.url).post("/graphql", json={"query": "{ viewer { login } }"}).status_code == 401
    with sample.client() as app:
        assert _ask(app, "{ viewer { login } }")["data"] == {"viewer": {"login": "forgehand[bot]"}}
    with client(sample.url, sample.forge.create_token("dev")) as person:
        assert _ask(person, "{ viewer { login } }")["data"] == {"viewer": {"login": "dev"}}
        reply = person.post("/api/graphql", json={"query": "{ viewer { login } }"})
        assert reply.json()["data"]["viewer"]["login"] == "dev"


def test_a_query_is_no_mutation_and_a_mutation_can_land_later(sample: Sample, api: httpx2.Client) -> None:
    _comment(sample, 1)
    identifier = _threads(api)["nodes"][0]["id"]
    assert sample.forge.mutations() == ()
    sample.forge.faults.add("lands_later", route="/graphql")
    assert api.post("/graphql", json={"query": RESOLVE, "variables": {"id": identifier}}).status_code == 502
    assert _threads(api)["nodes"][0]["isResolved"] is False
    sample.forge.land_now()
    assert _threads(api)["nodes"][0]["isResolved"] is True
    assert [call.path for call in sample.forge.mutations()] == ["/graphql"]


def test_an_open_conversation_can_stop_a_merge(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, conversations=True)
    _comment(sample, 1)
    refused = api.put(f"{R}/pulls/1/merge")
    assert refused.json()["message"] == "A conversation must be resolved before this pull request can be merged."
    sample.forge.resolve_thread(sample.forge.review_comments(NAME, 1)[0])
    assert api.put(f"{R}/pulls/1/merge").status_code == 200
