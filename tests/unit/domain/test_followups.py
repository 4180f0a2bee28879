"""What a worker learned makes the decision about its pull request be looked at again."""

from forgehand.domain.followups import look_again
from forgehand.domain.jobs import Job

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
