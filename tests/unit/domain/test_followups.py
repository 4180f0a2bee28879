"""What a worker learned makes the decision about its pull request be looked at again."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.followups import after_failure, ask_again, look_again, tell_failure
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.routing import WorkerSpec

TESTED = Job("t1", "testing", "testing", 11, 42, "acme/shop", "pull/7", 1.0, delivery="g1", correlation="g1", fence=2)


def test_the_decision_belongs_to_the_same_repository_and_the_same_story() -> None:
    job = look_again(TESTED, 7, 5.0, because="tests")
    assert (job.type, job.repository_id, job.subject, job.run_at) == ("decide", 42, "pull/7", 5.0)
    assert (job.delivery, job.correlation, job.payload) == ("g1", "g1", {"event": "tests"})


def test_the_same_attempt_asks_once_and_decisions_about_one_pull_request_share_a_lane() -> None:
    again = look_again(TESTED, 7, 6.0, because="tests")
    assert again.id == look_again(TESTED, 7, 5.0, because="tests").id
    assert again.lane == look_again(TESTED, 7, 5.0, because="review").lane
    assert again.lane != look_again(TESTED, 8, 5.0, because="tests").lane


def test_it_gives_no_power() -> None:
    assert look_again(TESTED, 7, 5.0, because="tests").grant.allow_push is False


@pytest.mark.parametrize(
    ("changes", "looks"),
    [
        ({"state": JobState.DEAD_LETTER}, True),
        ({"state": JobState.FAILED, "type": "review"}, True),
        ({"state": JobState.COMPLETED}, False),
        ({"state": JobState.SUPERSEDED}, False),
        ({"state": JobState.PENDING}, False),
        ({"state": JobState.FAILED, "type": "decide"}, False),
        ({"state": JobState.FAILED, "subject": "commit/abc"}, False),
    ],
)
def test_what_ended_for_good_without_a_word_is_looked_at_once_more(changes: dict[str, Any], looks: bool) -> None:
    job = replace(TESTED, **changes)
    assert [each.type for each in after_failure(job, 5.0)] == (["decide"] if looks else [])


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REFUSED, JobState.CANCELLED, JobState.DEAD_LETTER])
def test_of_a_start_that_gave_up_one_job_tells_and_of_that_job_none(state: JobState) -> None:
    start = replace(TESTED, type="dispatch-target", subject="run/77", payload={"asked": 1}, key="k", why="No.")
    (told,) = after_failure(replace(start, state=state), 5.0)
    assert (told.type, told.subject, told.key, told.run_at) == ("dispatch-target", "run/77", "", 5.0)
    assert told.payload["asked"] == 1
    assert "No." in told.payload["gave up"]
    assert after_failure(replace(told, state=state), 6.0) == ()
    assert after_failure(replace(start, state=JobState.COMPLETED), 5.0) == ()


def test_that_a_test_run_failed_is_told_once_for_each_time_it_did() -> None:
    told = tell_failure(TESTED, replace(TESTED, generation=4), "a" * 40, "No result.", 5.0)
    assert (told.type, told.subject, told.generation, told.lane) == ("testing", "pull/7", 4, "")
    assert told.id == tell_failure(replace(TESTED, id="t2", fence=9), TESTED, "a" * 40, "No result.", 6.0).id
    assert told.id != tell_failure(TESTED, replace(TESTED, fence=3), "a" * 40, "No result.", 5.0).id


def test_what_a_person_asks_for_again_has_the_means_of_its_worker_and_its_lane() -> None:
    worker = WorkerSpec("review", "review", (), max_duration=900.0)
    job = ask_again(TESTED, worker, 7, "a" * 40, 5.0)
    assert (job.type, job.subject, job.revision, job.max_duration) == ("review", "pull/7", "a" * 40, 900.0)
    assert (job.lane, job.payload) == ("review:42:pull/7", {"event": "command"})
    assert job.id == ask_again(TESTED, worker, 7, "a" * 40, 6.0).id
