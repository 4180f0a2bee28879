"""What people are shown of a merge queue at each of its steps."""

from forgehand.workers.review.rules import queue as q
from forgehand.workers.review.rules.queue import Entry, Queue, Scratch
from forgehand.workers.review.rules.queue_picture import picture

FIRST, SECOND, THIRD = Entry(4, "a4", since=1.0), Entry(5, "a5", since=2.0), Entry(6, "a6", since=3.0)
BUILD, TEST = "refs/heads/forgehand/queue/main/1/build", "refs/heads/forgehand/queue/main/1/test-2"


def test_an_empty_queue_does_nothing() -> None:
    assert picture(Queue()) == {"members": [], "doing": "", "branch": "", "commit": "", "since": 0.0}


def test_members_stand_in_order_and_say_whether_they_are_aboard() -> None:
    shown = picture(_tested())
    assert [(each["number"], each["aboard"]) for each in shown["members"]] == [(4, True), (5, True), (6, False)]
    assert shown["members"][0] == {"number": 4, "head": "a4", "since": 1.0, "aboard": True, "priority": 0}


def test_what_is_tested_is_named_with_its_branch_and_since_when() -> None:
    shown = picture(q.waits_since(q.uses(_tested(), Scratch(TEST, "c5")), 99.0))
    assert (shown["doing"], shown["commit"], shown["since"]) == ("testing #4, #5 together", "c5", 99.0)
    assert shown["branch"] == TEST.removeprefix("refs/heads/")


def test_each_step_is_said_in_words() -> None:
    waiting = Queue(waiting=(FIRST, SECOND, THIRD))
    begun = q.started(waiting, "tip", 2)
    passed = q.answered(_tested(), 2, "c5", passed=True)
    landed = q.landed(q.landed(passed, 4, "m4", "t4"), 5, "m5", "t5")
    alone = q.answered(_tested(), 2, "c5", passed=False)
    said = [picture(each)["doing"] for each in (waiting, begun, passed, landed, alone, q.finished(landed))]
    assert said == [
        "about to start",
        "putting #4 onto the scratch branch",
        "merging #4, which passed",
        "all that passed has landed",
        "testing #4",
        "removing the scratch branch forgehand/queue/main/1/build",
    ]


def _tested() -> Queue:
    """Two of three are aboard, built, and about to be tested."""
    queue = q.uses(q.started(Queue(waiting=(FIRST, SECOND, THIRD)), "tip", 2), Scratch(BUILD, "c5"))
    return q.built(q.built(queue, FIRST, "c4", "t4"), SECOND, "c5", "t5")
