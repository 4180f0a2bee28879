from dataclasses import replace

import pytest

from forgehand.domain.documents import MOST_BYTES
from forgehand.domain.jobs import Done, Failed, Job, JobState, Outcome, Refused, Retry, Waiting, job_id, settle
from forgehand.domain.retries import BACKOFF_SECONDS, MAX_ATTEMPTS, backoff, may_appear
from support.stores import a_pull

HELD = Job(
    id="j",
    type="review",
    worker="review",
    tenant=1,
    repository_id=2,
    repository="octo/shop",
    subject="pull/7",
    created_at=0.0,
    state=JobState.RUNNING,
    attempts=1,
    fence=3,
    holder="me",
    lease_until=50.0,
)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Done({"findings": 2}), JobState.COMPLETED),
        (Refused("the mode forbids it"), JobState.REFUSED),
        (Failed("no such repository"), JobState.FAILED),
        (Retry("GitHub did not answer"), JobState.PENDING),
        (Waiting("resume", "paused"), JobState.WAITING),
    ],
)
def test_every_outcome_frees_the_lease_and_says_why(outcome: Outcome, state: JobState) -> None:
    settled = settle(HELD, outcome, now=10.0, jitter=0.5).job
    assert settled is not None
    assert (settled.state, settled.holder, settled.lease_until) == (state, None, None)
    assert settled.why == getattr(outcome, "why", "")
    assert (settled.ended_at == 10.0) is state.ended


def test_what_follows_from_done_work_is_committed_with_it() -> None:
    follow_up = replace(HELD, id="next")
    done = Done(jobs=(follow_up,), marks={"poll": "1"}, documents={"verdict:2:7": "{}"}, pulls=(a_pull(),))
    change = settle(HELD, done, now=10.0, jitter=0.0)
    assert change.enqueue == (follow_up,)
    assert change.marks == {"poll": "1"}
    assert change.documents == {"verdict:2:7": "{}"}
    assert change.pulls == (a_pull(),)


def test_work_that_leaves_a_document_too_large_behind_fails_since_no_store_would_take_it() -> None:
    change = settle(HELD, Done(documents={"verdict:2:7": "x" * (MOST_BYTES + 1)}), now=10.0, jitter=0.0)
    assert change.job is not None
    assert change.job.state is JobState.FAILED
    assert "verdict:2:7 has 1,000,001 bytes" in change.job.why
    assert change.documents == {}


def test_a_retry_waits_at_least_as_long_as_the_server_asked() -> None:
    settled = settle(HELD, Retry("slow down", after=900), now=10.0, jitter=0.0).job
    assert settled is not None
    assert settled.run_at == 910.0


def test_the_last_attempt_ends_in_the_dead_letters_with_its_reason() -> None:
    settled = settle(replace(HELD, attempts=8), Retry("GitHub did not answer"), now=10.0, jitter=0.0).job
    assert settled is not None
    assert settled.state is JobState.DEAD_LETTER
    assert settled.why == "gave up after 8 attempts: GitHub did not answer"


def test_all_attempts_together_outlast_an_hour() -> None:
    assert 3600 < sum(backoff(attempt, 0.5) for attempt in range(1, MAX_ATTEMPTS)) < 5400


def test_what_is_not_there_may_appear_within_a_minute_of_attempts_and_not_at_the_last_one() -> None:
    early = [attempt for attempt in range(1, MAX_ATTEMPTS + 1) if may_appear(attempt, MAX_ATTEMPTS)]
    assert early == [1, 2, 3]
    assert sum(backoff(attempt, 0.99) for attempt in early) < 60
    assert [may_appear(attempt, 2) for attempt in (1, 2)] == [True, False]


def test_backoff_grows_to_a_limit_and_spreads() -> None:
    waits = [backoff(attempt, 0.5) for attempt in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_SECONDS[-1]
    assert backoff(1, 0.0) < backoff(1, 0.99)


def test_a_shorter_first_pause_shortens_the_others_alike_and_no_server_is_asked_too_early() -> None:
    usual = [backoff(attempt, 0.5) for attempt in range(1, 8)]
    assert [backoff(attempt, 0.5, first=0.2) for attempt in range(1, 8)] == pytest.approx([each / 10 for each in usual])
    settled = settle(HELD, Retry("slow down", after=900), now=10.0, jitter=0.0, pause=0.2).job
    assert settled is not None
    assert settled.run_at == 910.0


def test_a_job_id_follows_from_its_parts_alone() -> None:
    assert job_id("guid", "review", 7) == job_id("guid", "review", 7)
    assert job_id("a", "b") != job_id("ab")


def test_the_ids_of_a_deliverys_jobs_start_as_its_guid_does_so_that_they_lie_together() -> None:
    near = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    ids = {job_id(near, number, near=near) for number in range(9)}
    assert len(ids) == 9
    assert {(each[:8], len(each)) for each in ids} == {("72d3162e", 32)}


def test_an_id_near_something_that_is_no_guid_is_an_id_all_the_same() -> None:
    assert job_id("a", near="by hand") == job_id("a")
