"""Caps: a burst passes, a flood is stretched, and nobody pays for another's."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.caps import HELD_BACK, HOUR, Bucket, Caps, Turn, buckets, held_back, turn
from forgehand.domain.jobs import Job, JobState

NOW = 1_700_000_000.0
CAPS = Caps(pull=4, user=10, all=100)


def _drawn(times: int, *drawn: Bucket, marks: dict[str, str] | None = None, now: float = NOW) -> list[Turn]:
    marks, turns = {} if marks is None else marks, []
    for _ in range(times):
        turns.append(turn(drawn, marks, now))
        marks |= turns[-1].marks
    return turns


def test_an_hours_worth_begins_at_once_and_what_is_beyond_one_by_one() -> None:
    turns = _drawn(6, *buckets(CAPS, 42, 7, "dev"))
    assert [each.at - NOW for each in turns] == [0, 0, 0, 0, HOUR / 4, HOUR / 2]
    assert turns[3].why == ""
    assert turns[4].why == "#7 had 4 runs within an hour (FORGEHAND_PULL_RUNS_PER_HOUR): it begins at 22:28 UTC"


def test_what_one_person_overdoes_takes_of_no_hour_more_than_that_person_may() -> None:
    marks: dict[str, str] = {}
    caps = Caps(user=10, all=20)
    _drawn(1000, *buckets(caps, 42, 7, "dev"), marks=marks)
    within = int((HOUR - NOW % HOUR) // (HOUR / 10))
    kim = [each.at for each in _drawn(4, *buckets(caps, 42, 8, "kim"), marks=marks)]
    assert kim[:3] == [NOW] * (20 - 10 - within)
    assert NOW < kim[3] < NOW + 2 * HOUR


def test_what_is_held_back_by_an_own_cap_waits_for_everybodys_too_and_draws_on_it() -> None:
    marks: dict[str, str] = {}
    caps = Caps(user=2, all=4)
    early = [_drawn(1, *buckets(caps, 42, 1, who), marks=marks)[0].at for who in ("dev", "dev", "kim", "kim")]
    assert early == [NOW] * 4
    (late,) = _drawn(1, *buckets(caps, 42, 1, "dev"), marks=marks)
    assert late.at == NOW - NOW % HOUR + HOUR > NOW + HOUR / 2, "when the person's own cap would let it begin"
    assert late.why.startswith("everybody together had 4 runs within an hour (FORGEHAND_RUNS_PER_HOUR)")
    (next_,) = _drawn(1, *buckets(caps, 42, 1, "mona"), marks=marks)
    assert next_.at == late.at + HOUR / 4
    assert marks["cap:all by hour"] == '{"472222": 4, "472223": 2}'


def test_hours_that_are_over_are_not_remembered() -> None:
    marks: dict[str, str] = {}
    _drawn(9, *buckets(Caps(all=4), 42, 1, "dev"), marks=marks)
    (later,) = _drawn(1, *buckets(Caps(all=4), 42, 1, "dev"), marks=marks, now=NOW + 2 * HOUR)
    assert later.at == NOW + 2 * HOUR
    assert marks["cap:all by hour"] == '{"472224": 2}'


def test_one_person_has_a_cap_over_all_pull_requests_however_the_name_is_written() -> None:
    marks: dict[str, str] = {}
    turns = [_drawn(1, *buckets(CAPS, 42, number, "dev"), marks=marks)[0] for number in range(10)]
    assert [each.why for each in turns] == [""] * 10
    (late,) = _drawn(1, *buckets(CAPS, 42, 11, "Dev"), marks=marks)
    assert late.why.startswith("Dev had 10 runs within an hour (FORGEHAND_USER_RUNS_PER_HOUR)")
    assert _drawn(1, *buckets(CAPS, 42, 12, "kim"), marks=marks)[0].why == ""


def test_all_together_have_one_too() -> None:
    marks: dict[str, str] = {}
    for number in range(100):
        assert _drawn(1, *buckets(CAPS, 42, number, f"dev-{number}"), marks=marks)[0].why == ""
    assert "everybody together" in _drawn(1, *buckets(CAPS, 42, 200, "kim"), marks=marks)[0].why


def test_what_nobody_in_particular_did_counts_for_the_pull_request_alone_and_0_is_no_cap() -> None:
    assert [each.key for each in buckets(CAPS, 42, 7, "")] == ["cap:pull:42:7"]
    assert buckets(Caps(), 42, 7, "dev") == ()
    assert turn((), {}, NOW) == Turn(NOW)


def _job(**given: Any) -> Job:
    about: dict[str, Any] = {"tenant": 1, "repository_id": 2, "repository": "octo/shop", "subject": "pull/7"}
    return Job("job-1", "review", "review", created_at=NOW, payload={HELD_BACK: True}, **about, **given)


def test_what_had_begun_waits_for_no_turn_any_more() -> None:
    assert held_back(_job())
    assert not held_back(_job(attempts=1, why="GitHub answered 502"))
    assert not held_back(_job(state=JobState.RUNNING))
    assert not held_back(replace(_job(), payload={}))


@given(most=st.integers(1, 50), gaps=st.lists(st.floats(0, 2000), max_size=80), by_hour=st.booleans())
def test_never_more_than_two_hours_worth_begin_within_one_hour(most: int, gaps: list[float], by_hour: bool) -> None:
    bucket, marks, now, begins = Bucket("k", "dev", most, "CAP", by_hour), dict[str, str](), NOW, list[float]()
    for gap in gaps:
        now += gap
        taken = turn((bucket,), marks, now)
        marks |= taken.marks
        begins.append(taken.at)
    assert all(sum(at <= other < at + HOUR for other in begins) <= 2 * most for at in begins)
