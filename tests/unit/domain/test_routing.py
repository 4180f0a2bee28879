from dataclasses import replace

import pytest

from forgehand.domain.events import Event, Moved, PullRef
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


def test_an_event_that_does_not_say_whether_it_is_a_draft_matches_neither() -> None:
    event = replace(OPENED, pull=PullRef(7))
    for draft in (True, False):
        matches, misses = match(event, (worker(Trigger("pull_request", draft=draft)),))
        assert (matches, misses[0].why) == ((), "the event does not say whether a pull request is a draft")


def test_a_filter_whose_value_the_event_lacks_does_not_match() -> None:
    event = replace(OPENED, pull=None)
    assert match(event, (worker(Trigger("pull_request", base_branches=("*",))),))[0] == ()


def test_a_worker_that_waits_for_no_event_is_no_near_miss() -> None:
    assert match(OPENED, (worker(),)) == ((), ())


def test_an_edit_that_keeps_the_base_wakes_nobody_who_waits_for_another_base() -> None:
    waits = worker(Trigger("pull_request", actions=("edited",), rebased=True))
    edited = replace(OPENED, action="edited")
    matches, misses = match(edited, (waits,))
    assert (matches, misses[0].why) == ((), "the pull request keeps its base branch")
    assert [each.worker for each in match(replace(edited, rebased=True), (waits,))[0]] == [waits]


@pytest.mark.parametrize("ref", ["refs/tags/v1", "refs/notes/commits", ""])
def test_a_push_of_no_branch_wakes_nobody(ref: str) -> None:
    pushes = worker(Trigger("push"))
    pushed = replace(OPENED, name="push", action=None, pull=None, moved=Moved(ref, "", "b" * 40))
    matches, misses = match(pushed, (pushes,))
    assert (matches, [each.why for each in misses]) == ((), ["what was pushed is no branch"])
    to_branch = replace(pushed, moved=Moved("refs/heads/main", "a" * 40, ""))
    assert [each.worker for each in match(to_branch, (pushes,))[0]] == [pushes]


def test_any_trigger_may_match_and_a_disabled_worker_never_does() -> None:
    either = worker(Trigger("push"), Trigger("pull_request"))
    assert len(match(OPENED, (either,))[0]) == 1
    matches, misses = match(OPENED, (replace(either, enabled=False),))
    assert (matches, [each.why for each in misses]) == ((), ["the worker is disabled"])
