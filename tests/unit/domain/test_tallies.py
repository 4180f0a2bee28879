from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.tallies import Step, Tally, Times, tally_from

STEPS = st.lists(
    st.builds(
        Step,
        st.just("totals"),
        st.just("all"),
        st.floats(0, 1e9),
        st.dictionaries(st.sampled_from("abc"), st.integers(-3, 3)),
        st.dictionaries(st.sampled_from("xy"), st.floats(0, 1e6)),
        st.dictionaries(st.sampled_from("pq"), st.text(max_size=3)),
    )
)


@given(STEPS, st.randoms(use_true_random=False), st.integers(0, 9))
def test_the_order_of_steps_and_where_they_were_stored_in_between_change_nothing(
    steps: list[Step], random: object, cut: int
) -> None:
    shuffled = list(steps)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    straight = of(steps)
    stored = of(shuffled[:cut])
    stored = tally_from(stored.text(), stored.at)
    for step in shuffled[cut:]:
        stored.add(step)
    assert (stored.text(), stored.at) == (straight.text(), straight.at)


def test_a_row_that_was_stored_tells_counts_durations_and_the_last_word() -> None:
    tally = of(
        [
            Step("totals", "all", 2.0, {"job.completed": 2, "now.open": 1}, {"job": 1.0}, {"event": "push"}),
            Step("totals", "all", 1.0, {"now.open": -1}, {"job": 3.0}, {"event": "star"}),
        ]
    )
    read = tally_from(tally.text(), tally.at)
    assert (read.count("job.completed"), read.count("now.open"), read.count("none")) == (2, 0, 0)
    assert "now.open" not in tally.text()
    assert (read.last("event"), read.last_at("event"), read.last_at("none")) == ("push", 2.0, None)
    seen = read.times("job")
    assert (seen.count, seen.mean, seen.longest) == (2, 2.0, 3.0)
    assert 0.95 <= seen.p50 <= 1.05
    assert 2.85 <= seen.p99 <= 3.15
    assert read.times("none") == Times()


def of(steps: list[Step]) -> Tally:
    tally = Tally()
    for step in steps:
        tally.add(step)
    return tally
