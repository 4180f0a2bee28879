"""A pull request's key: what lists order it by."""

import pytest

from forgehand.domain.pulls import key_parts
from support.stores import a_pull


def test_a_key_says_which_one_it_is() -> None:
    assert key_parts(a_pull(7).key) == (22, 7)


@pytest.mark.parametrize("key", ["", "22", "22/", "/7", "22/7/8", "22/x", "-1/7", "22/" + "9" * 30])
def test_what_is_no_key_is_older_than_every_one(key: str) -> None:
    assert key_parts(key) == (0, 0)
