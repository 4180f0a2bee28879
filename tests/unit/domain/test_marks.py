"""Which marks age does away with."""

import pytest

from forgehand.domain.caps import Caps, buckets
from forgehand.domain.marks import lasts


@pytest.mark.parametrize("key", ["tips:22", "runs:22", "sweep", "tests-base:22:main"])
def test_where_something_was_seen_last_is_kept(key: str) -> None:
    assert lasts(key)


def test_what_was_used_up_of_an_hour_is_not() -> None:
    assert not any(lasts(each.key) for each in buckets(Caps(1, 1, 1), 22, 7, "octocat"))
