"""The checker of GitHub's OpenAPI document finds what is wrong and lets through what is right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from support import node, openapi

pytestmark = pytest.mark.needs("node")

COMMENT = {
    "id": 1,
    "node_id": "IC_1",
    "url": "https://api.github.com/repos/octo/hello/issues/comments/1",
    "html_url": "https://github.com/octo/hello/pull/7#issuecomment-1",
    "issue_url": "https://api.github.com/repos/octo/hello/issues/7",
    "body": "Hello",
    "user": None,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "author_association": "NONE",
}


@dataclass(frozen=True)
class Call:
    method: str = "POST"
    path: str = "/repos/octo/hello/issues/7/comments"
    query: Mapping[str, str] = field(default_factory=dict)
    status: int = 201
    request: Any = field(default_factory=lambda: {"body": "Hello"})
    response: Any = field(default_factory=lambda: COMMENT)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/repos/octo/hello/contents/src/deep/file.py", "/repos/{owner}/{repo}/contents/{path}"),
        ("/repos/octo/hello/git/ref/heads/feature/x", "/repos/{owner}/{repo}/git/ref/{ref}"),
        ("/repos/octo/hello/git/ref/heads%2Fmain", "/repos/{owner}/{repo}/git/ref/{ref}"),
        ("/repos/octo/hello/compare/main...feature/x", "/repos/{owner}/{repo}/compare/{basehead}"),
        ("/repos/octo/hello/commits/feature/x/check-runs", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
        ("/repos/octo/hello/branches/a/b/protection", "/repos/{owner}/{repo}/branches/{branch}/protection"),
        ("/repos/octo/hello/releases/latest", "/repos/{owner}/{repo}/releases/latest"),
        ("/api/v3/user", "/user"),
    ],
)
def test_a_path_finds_its_most_specific_operation(path: str, template: str) -> None:
    operation = openapi.find_operation("GET", path)
    assert operation is not None
    assert operation.template == template


def test_a_good_request_and_its_answer_have_no_problem() -> None:
    openapi.assert_conforms(
        [Call(), Call(method="GET", query={"per_page": "100"}, status=200, request=None, response=[COMMENT])]
    )


def test_a_wrong_type_names_operation_path_and_message() -> None:
    problems = openapi.check_request("POST", "/repos/octo/hello/issues/7/comments", {}, {"body": 5})
    assert problems == ["issues/create-comment: $.body: 5 is not of type 'string'"]


def test_a_field_that_the_operation_does_not_know_is_a_problem() -> None:
    body = {"body": "Hello", "text": "?"}
    problems = openapi.check_request("POST", "/repos/octo/hello/issues/7/comments", {}, body)
    assert problems == ["issues/create-comment: $.text: the operation knows no such field"]


def test_a_query_that_the_operation_does_not_know_is_a_problem() -> None:
    problems = openapi.check_request("GET", "/repos/octo/hello/pulls", {"status": "all", "state": "every"}, None)
    assert problems[0] == "pulls/list: query 'status' is not known"
    assert problems[1].startswith("pulls/list: $query.state: 'every' is not one of")


def test_an_answer_without_a_required_field_is_a_problem() -> None:
    answer = {key: value for key, value in COMMENT.items() if key != "created_at"}
    problems = openapi.check_response("POST", "/repos/octo/hello/issues/7/comments", 201, answer)
    assert problems == ["issues/create-comment: $: 'created_at' is a required property"]


def test_a_null_is_allowed_only_where_github_says_nullable() -> None:
    answer = COMMENT | {"html_url": None}
    problems = openapi.check_response("POST", "/repos/octo/hello/issues/7/comments", 201, answer)
    assert problems == ["issues/create-comment: $.html_url: None is not of type 'string'"]


def test_a_status_that_the_operation_never_gives_is_a_problem() -> None:
    problems = openapi.check_response("POST", "/repos/octo/hello/issues/7/comments", 200, COMMENT)
    assert problems == ["issues/create-comment: status 200 is not documented; documented: 201, 403, 404, 410, 422"]


def test_an_unknown_path_is_a_problem() -> None:
    with pytest.raises(AssertionError, match="no operation of GitHub's has POST /repos/octo/hello/wishes"):
        openapi.assert_conforms([Call(path="/repos/octo/hello/wishes")])


def test_the_answer_of_an_injected_fault_is_not_held_against_the_forge() -> None:
    openapi.assert_conforms([Call(status=502, response="<html>", fault="5xx before the effect")])


def test_an_error_without_a_message_is_a_problem() -> None:
    problems = openapi.check_response("GET", "/app", 401, {"error": "no"})
    assert problems == ['apps/get-authenticated: $: an error 401 carries {"message": …}']


def test_all_329_example_payloads_of_58_events_are_there() -> None:
    examples = list(node.webhook_examples())
    assert len(examples) == 329
    assert len({event for event, _ in examples}) == 58
    assert all(isinstance(payload, dict) for _, payload in examples)
