"""Caps: a burst passes, a flood is stretched, and nobody pays for another's."""

from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.caps import HOUR, Bucket, Caps, Turn, buckets, turn

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


def test_a_full_bucket_draws_on_no_other() -> None:
    marks: dict[str, str] = {}
    _drawn(30, *buckets(CAPS, 42, 7, "dev"), marks=marks)
    assert [each.at for each in _drawn(4, *buckets(CAPS, 42, 8, "dev"), marks=marks)] == [NOW] * 4


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


@given(most=st.integers(1, 50), gaps=st.lists(st.floats(0, 2000), max_size=80))
def test_never_more_than_two_hours_worth_begin_within_one_hour(most: int, gaps: list[float]) -> None:
    bucket, marks, now, begins = Bucket("k", "dev", most, "CAP"), dict[str, str](), NOW, list[float]()
    for gap in gaps:
        now += gap
        taken = turn((bucket,), marks, now)
        marks |= taken.marks
        begins.append(taken.at)
    assert all(sum(at <= other < at + HOUR for other in begins) <= 2 * most for at in begins)
