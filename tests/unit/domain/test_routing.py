import json
from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.deliveries import Delivery
from forgehand.domain.events import Event, PullRef, Unhandled, parse
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec, match

OPENED = Event(
    delivery="g",
    name="pull_request",
    action="opened",
    repo=Repo(1, 2, "octo/shop"),
    sender="dev",
    sender_is_bot=False,
    pull=PullRef(7, "a" * 40, "feature/cart", "main", False, "octo/shop"),
)


def worker(*triggers: Trigger, enabled: bool = True) -> WorkerSpec:
    return WorkerSpec("review", "review", triggers, enabled=enabled)


@pytest.mark.parametrize(
    "trigger",
    [
        Trigger("pull_request"),
        Trigger("pull_request", actions=("opened",)),
        Trigger("pull_request", repository=("octo/*",), base_branches=("main",), head_branches=("feature/*",)),
        Trigger("pull_request", draft=False),
    ],
)
def test_a_trigger_matches_what_it_names(trigger: Trigger) -> None:
    matches, misses = match(OPENED, (worker(trigger),))
    assert [each.why for each in matches] == ["pull_request.opened"]
    assert misses == ()


@pytest.mark.parametrize(
    ("trigger", "why"),
    [
        (Trigger("push"), "it waits for push, not pull_request"),
        (Trigger("pull_request", actions=()), "action opened is not among none"),
        (Trigger("pull_request", actions=("closed",)), "action opened is not among closed"),
        (Trigger("pull_request", repository=("acme/*",)), "repository octo/shop matches none of acme/*"),
        (Trigger("pull_request", base_branches=("release",)), "base branch main matches none of release"),
        (Trigger("pull_request", draft=True), "the pull request is not a draft"),
    ],
)
def test_a_near_miss_says_what_was_missing(trigger: Trigger, why: str) -> None:
    matches, misses = match(OPENED, (worker(trigger),))
    assert matches == ()
    assert [each.why for each in misses] == [why]


def test_a_filter_whose_value_the_event_lacks_does_not_match() -> None:
    event = replace(OPENED, pull=None)
    assert match(event, (worker(Trigger("pull_request", base_branches=("*",))),))[0] == ()


def test_any_trigger_may_match_and_a_disabled_worker_never_does() -> None:
    either = worker(Trigger("push"), Trigger("pull_request"))
    assert len(match(OPENED, (either,))[0]) == 1
    matches, misses = match(OPENED, (replace(either, enabled=False),))
    assert (matches, [each.why for each in misses]) == ((), ["the worker is disabled"])


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
