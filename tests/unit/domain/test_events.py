"""What becomes of payloads: the small subset that routing and workers need, and nothing that breaks on odd ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from forgehand.domain.deliveries import Delivery
from forgehand.domain.events import CommentRef, Event, Moved, PullRef, Unhandled, each_about_one, parse
from forgehand.domain.repositories import Repo
from forgehand.domain.runs import RunRef

SHA, OTHER = "a" * 40, "b" * 40
ABOUT: dict[str, Any] = {
    "installation": {"id": 1},
    "repository": {"id": 2, "full_name": "octo/shop"},
    "sender": {"login": "dev", "type": "User"},
}
EXAMPLES = Path(__file__).parents[2] / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"


def event_of(name: str, **payload: Any) -> Event:
    event = parse(Delivery("g", name, json.dumps(ABOUT | payload).encode(), 0.0))
    assert isinstance(event, Event)
    return event


def listed(number: int, base_repository: int = 2) -> dict[str, Any]:
    """A pull request as checks list it."""
    base = {"ref": "main", "sha": OTHER, "repo": {"id": base_repository, "name": "shop"}}
    return {"number": number, "head": {"ref": "topic", "sha": SHA, "repo": {"id": 2}}, "base": base}


@pytest.mark.parametrize("name", ["check_run", "check_suite"])
def test_a_check_is_about_its_pull_requests_in_this_repository(name: str) -> None:
    check = {"head_sha": SHA, "app": {"id": 9}, "pull_requests": [listed(7), listed(8, 99), listed(9)]}
    event = event_of(name, action="completed", **{name: check})
    assert (event.action, event.commit, event.app) == ("completed", SHA, 9)
    assert [(each.subject, each.more_pulls) for each in each_about_one(event)] == [("pull/7", ()), ("pull/9", ())]
    assert event.pull == PullRef(7, SHA, "topic", "main")


def test_a_check_on_a_forks_commit_is_about_the_commit() -> None:
    check = {"head_sha": SHA, "app": {"id": 9}, "pull_requests": []}
    event = event_of("check_run", action="completed", check_run=check)
    assert (event.pull, event.subject) == (None, f"commit/{SHA}")
    assert each_about_one(event) == (event,)


def test_a_status_is_about_its_commit_and_says_which_branches_end_there() -> None:
    event = event_of("status", sha=SHA, state="success", branches=[{"name": "topic"}, {"name": "main"}, None])
    assert (event.subject, event.branches) == (f"commit/{SHA}", ("topic", "main"))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [(SHA, OTHER, (SHA, OTHER)), ("0" * 40, SHA, ("", SHA)), (SHA, "0" * 40, (SHA, ""))],
)
def test_a_push_is_about_its_branch(before: str, after: str, moved: tuple[str, str]) -> None:
    event = event_of("push", ref="refs/heads/feature/cart", before=before, after=after)
    assert event.subject == "branch/feature/cart"
    assert event.moved == Moved("refs/heads/feature/cart", *moved)


def test_a_push_of_a_tag_is_about_no_branch() -> None:
    assert event_of("push", ref="refs/tags/v1", before="0" * 40, after=SHA).subject == "event/push"


@pytest.mark.parametrize(
    ("changes", "rebased"),
    [
        ({"base": {"ref": {"from": "dev"}, "sha": {"from": OTHER}}}, True),
        ({"title": {"from": "x"}}, False),
        (None, False),
    ],
)
def test_an_edit_says_whether_the_base_is_another(changes: object, rebased: bool) -> None:
    assert event_of("pull_request", action="edited", changes=changes, pull_request=listed(7)).rebased is rebased


def test_a_synchronize_says_where_the_head_came_from() -> None:
    event = event_of("pull_request", action="synchronize", before=SHA, after=OTHER, pull_request=listed(7))
    assert event.moved == Moved("", SHA, OTHER)


def test_a_comment_gives_its_id_and_a_hint_of_its_first_line() -> None:
    comment = {"id": 5, "user": {"login": "kim"}, "body": f"\n/forgehand merge {'x' * 300}\nplease"}
    issue = {"number": 7, "draft": True, "pull_request": {"url": "..."}}
    event = event_of("issue_comment", action="created", comment=comment, issue=issue)
    assert event.comment == CommentRef(5, 7, "kim", f"/forgehand merge {'x' * 300}"[:200])
    assert (event.subject, event.pull) == ("pull/7", PullRef(7, draft=True))


def test_a_comment_on_an_issue_is_about_no_pull_request() -> None:
    event = event_of("issue_comment", comment={"id": 5, "body": None, "user": None}, issue={"number": 3})
    assert (event.pull, event.subject) == (None, "event/issue_comment")
    assert event.comment == CommentRef(5, 3, "", "")


def test_a_review_is_about_its_pull_request() -> None:
    event = event_of("pull_request_review", action="submitted", pull_request=listed(7), review={"id": 1})
    assert (event.subject, event.action) == ("pull/7", "submitted")


RUN: dict[str, Any] = {
    "id": 30,
    "path": ".github/workflows/ci.yml@refs/heads/main",
    "name": "CI",
    "event": "push",
    "head_branch": "main",
    "head_sha": SHA,
    "head_repository": {"full_name": "octo/shop"},
    "conclusion": "success",
    "html_url": "https://github.test/octo/shop/actions/runs/30",
    "run_attempt": 2,
}


def test_a_workflow_run_is_about_the_run() -> None:
    event = event_of("workflow_run", action="completed", workflow_run=RUN)
    assert (event.subject, event.action, event.pull) == ("run/30", "completed", None)
    url = "https://github.test/octo/shop/actions/runs/30"
    path = ".github/workflows/ci.yml"
    assert event.run == RunRef(30, path, "CI", "push", "main", SHA, "octo/shop", "success", url, attempt=2)


def test_a_run_that_goes_on_has_no_conclusion_and_a_deleted_fork_no_name() -> None:
    event = event_of("workflow_run", workflow_run=RUN | {"conclusion": None, "head_repository": None})
    assert event.run is not None
    assert (event.run.conclusion, event.run.head_repository) == ("", "")


@pytest.mark.parametrize("odd", [None, 7, "no", [], {}, [None, 7, {}]])
@pytest.mark.parametrize(
    "name", ["check_run", "check_suite", "status", "push", "issue_comment", "pull_request", "workflow_run"]
)
def test_odd_parts_make_no_error(name: str, odd: Any) -> None:
    parts = dict.fromkeys(
        (name, "issue", "comment", "branches", "pull_request", "before", "ref", "sha", "action", "sender"), odd
    )
    assert event_of(name, **parts).name == name
    nested = {"head_sha": odd, "app": odd, "pull_requests": odd, "user": odd, "body": odd, "number": odd, "id": odd}
    assert event_of(name, **{name: nested, "issue": nested, "comment": nested}).name == name


@pytest.mark.needs("node")
def test_githubs_own_examples_are_all_read() -> None:
    read = 0
    for webhook in json.loads(EXAMPLES.read_text()):
        for payload in webhook["examples"]:
            # The examples are of repository webhooks, which name no installation.
            body = json.dumps({"installation": {"id": 1}, **payload}).encode()
            event = parse(Delivery("g", webhook["name"], body, 0.0))
            assert isinstance(event, Event) or event.why == f"{webhook['name']} names no repository"
            read += 1
    assert read > 100


OPENED = Event(
    delivery="g",
    name="pull_request",
    action="opened",
    repo=Repo(1, 2, "octo/shop"),
    sender="dev",
    sender_is_bot=False,
    pull=PullRef(7, SHA, "feature/cart", "main", False, "octo/shop"),
)


def delivered(payload: Any) -> Delivery:
    return Delivery("g", "pull_request", json.dumps(payload).encode(), 0.0)


def test_a_payload_becomes_the_event_it_tells_of() -> None:
    payload = {
        "action": "opened",
        "installation": {"id": 1},
        "repository": {"id": 2, "full_name": "octo/shop"},
        "sender": {"login": "dev", "type": "User"},
        "pull_request": {
            "number": 7,
            "draft": False,
            "head": {"sha": "a" * 40, "ref": "feature/cart", "repo": {"full_name": "octo/shop"}},
            "base": {"ref": "main"},
        },
    }
    assert parse(delivered(payload)) == OPENED


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ([], "the body is not a JSON object"),
        ({}, "pull_request names no repository"),
        ({"repository": {"id": 2, "full_name": "o/r"}}, "pull_request names no installation of the App"),
        ({"repository": "no", "installation": None}, "pull_request names no repository"),
    ],
)
def test_a_payload_without_its_parts_is_unhandled_not_an_error(payload: Any, why: str) -> None:
    assert parse(delivered(payload)) == Unhandled(why)


def test_json_nested_beyond_reading_is_unhandled() -> None:
    deep = Delivery("g", "push", b"[" * 100_000 + b"]" * 100_000, 0.0)
    assert parse(deep) == Unhandled("the body is not JSON that can be read")


def test_a_pull_request_of_a_deleted_fork_has_no_head_repository() -> None:
    payload = {
        "installation": {"id": 1},
        "repository": {"id": 2, "full_name": "octo/shop"},
        "pull_request": {"number": 7, "head": {"sha": "a", "ref": "x", "repo": None}, "base": {"ref": "main"}},
    }
    event = parse(delivered(payload))
    assert isinstance(event, Event)
    assert event.pull is not None
    assert event.pull.head_repository is None
