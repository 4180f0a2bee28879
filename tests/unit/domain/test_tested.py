"""What our own tests said of a commit, kept with the base for which they said it."""

import pytest

from forgehand.domain.documents import lasts
from forgehand.domain.tested import Tested, from_json, key, to_json

SAID = Tested("release/1.x", "failure", "1 failed")


def test_what_is_kept_is_read_as_it_was() -> None:
    assert from_json(to_json(SAID)) == SAID


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"base": "main"}', '{"of": "another version"}'])
def test_what_cannot_be_read_counts_as_not_said(text: str | None) -> None:
    assert from_json(text) is None


def test_pull_requests_with_one_head_are_kept_apart_and_go_with_age() -> None:
    assert key(42, "pull/7", "a" * 40) != key(42, "pull/8", "a" * 40)
    assert not lasts(key(42, "pull/7", "a" * 40))
