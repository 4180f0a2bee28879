"""Bodies as they are stored: smaller, and byte for byte the same when they come back."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.adapters.sql.bodies import SMALLEST, packed, unpacked
from support.node import webhook_examples

FRAME_START = b"\x28\xb5\x2f\xfd"


@given(st.binary(max_size=4 * SMALLEST))
def test_a_body_comes_back_byte_for_byte(body: bytes) -> None:
    assert unpacked(packed(body)) == body


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", FRAME_START, FRAME_START + b"no frame", packed(b"x" * SMALLEST), os.urandom(1_000_000)],
    ids=["empty", "small", "a frame's first bytes", "like a frame", "a frame", "random"],
)
def test_a_body_that_cannot_be_made_smaller_or_looks_stored_comes_back_too(body: bytes) -> None:
    assert unpacked(packed(body)) == body


def test_a_small_body_is_stored_as_it_is() -> None:
    assert packed(b'{"zen": "Keep it logically awesome."}') == b'{"zen": "Keep it logically awesome."}'


@pytest.mark.needs("node")
def test_what_github_sends_is_stored_in_a_fifth_of_its_size() -> None:
    bodies = [json.dumps(payload, separators=(",", ":")).encode() for _, payload in webhook_examples()]
    large = [body for body in bodies if len(body) > 10_000]
    assert sum(len(packed(body)) for body in large) < sum(map(len, large)) / 5
