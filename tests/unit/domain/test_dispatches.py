"""What is kept of a dispatch: it comes back as it was, counts what it says, and no stranger's text breaks a reader."""

from dataclasses import replace

import pytest

from forgehand.domain.dispatches import (
    Counts,
    Dispatch,
    Stand,
    Started,
    TargetState,
    as_it_stands,
    plan_key,
    read_dispatch,
    read_started,
    read_state,
    started_key,
    state_keys,
    write_dispatch,
    write_started,
    write_state,
)
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State

RULING = Ruling("dispatch", State.VIOLATED, "No.", parts=(Ruling("consent", State.PENDING, "Away."),))
QUEUED = TargetState("k1", "acme/web", "cd.yml", "main", Stand.QUEUED, ruling=RULING)
DENIED = TargetState("k2", "acme/lib", "cd.yml", "main", Stand.DENIED, "missing_target_config", "There is no file.")
PLAN = Dispatch(
    run=77,
    attempt=2,
    repository="acme/api",
    repository_id=1,
    installation=10,
    workflow="ci.yml",
    head_branch="main",
    head_sha="3f2a",
    conclusion="success",
    url="https://github.example/run",
    planned_at=1000.0,
    ruling=RULING,
    targets=(QUEUED, DENIED),
    more=3,
    delivery="guid",
)


def test_a_plan_comes_back_as_it_was() -> None:
    assert read_dispatch(write_dispatch(PLAN)) == PLAN


def test_a_state_comes_back_as_it_was() -> None:
    assert [read_state(write_state(each)) for each in (QUEUED, DENIED)] == [QUEUED, DENIED]


def test_a_started_run_comes_back_as_it_was() -> None:
    started = Started(77, 2, Repo(10, 1, "acme/api"), DENIED, (("acme/lib", "ci.yml", 5),))
    assert read_started(write_started(started)) == started


@pytest.mark.parametrize("text", [None, "", "null", "[]", "{}", "no JSON", '{"targets": 3}', '{"stand": "lost"}'])
def test_what_is_no_document_of_ours_counts_as_not_there(text: str | None) -> None:
    assert (read_dispatch(text), read_state(text), read_started(text)) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ({"stand": Stand.QUEUED}, Counts(0, 0, 4, 1)),
        ({"stand": Stand.APPROVAL}, Counts(0, 0, 4, 1)),
        ({"stand": Stand.UNKNOWN}, Counts(0, 0, 4, 1)),
        ({"stand": Stand.STARTED}, Counts(1, 0, 4, 0)),
        ({"stand": Stand.FAILED}, Counts(0, 1, 4, 0)),
        ({"stand": Stand.ENDED, "conclusion": "success"}, Counts(1, 0, 4, 0)),
        ({"stand": Stand.ENDED, "conclusion": "skipped"}, Counts(1, 0, 4, 0)),
        ({"stand": Stand.ENDED, "conclusion": "timed_out"}, Counts(0, 1, 4, 0)),
        ({"stand": Stand.DENIED}, Counts(0, 0, 5, 0)),
    ],
)
def test_targets_are_counted_as_they_stand(state: dict[str, str], counts: Counts) -> None:
    now = TargetState("k1", "acme/web", "cd.yml", "main", **state)  # type: ignore[arg-type]
    assert as_it_stands(PLAN, {"k1": now}).counts == counts


def test_each_attempt_of_a_run_keeps_the_states_of_its_targets_apart() -> None:
    assert plan_key(77) == "dispatch:77"
    assert state_keys(PLAN) == {"k1": "dispatched:77:2:k1"}
    assert started_key(2, 901) == "started:2:901"


def test_a_target_that_is_asked_for_twice_is_counted_once_as_it_stands() -> None:
    twice = replace(QUEUED, stand=Stand.DENIED, reason="duplicate_target", why="It is asked twice.")
    ended = replace(QUEUED, stand=Stand.ENDED, conclusion="failure", run=901)
    standing = as_it_stands(replace(PLAN, targets=(QUEUED, twice), more=0), {"k1": ended})
    assert standing.targets == (ended, twice)
    assert standing.counts == Counts(success=0, failed=1, denied=1, open=0)
