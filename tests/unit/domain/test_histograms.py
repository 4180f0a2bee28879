from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.histograms import bucket_of, percentile

DURATIONS = st.floats(0.001, 1e6)


@given(st.lists(DURATIONS, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_right_to_a_twentieth(durations: list[float], share: float) -> None:
    buckets = Counter(map(bucket_of, durations))
    exact = sorted(durations)[max(0, -int(-share * len(durations) // 1) - 1)]
    assert percentile(buckets, share) == pytest.approx(exact, rel=0.0525)


def test_what_is_hardly_measurable_endless_or_no_number_has_a_bucket_too() -> None:
    assert bucket_of(0.0) == bucket_of(0.001) == bucket_of(-1.0) == bucket_of(float("nan")) == 0
    assert bucket_of(float("inf")) == bucket_of(10_000_000.0)


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, 0.95) == 0.0
