from forgehand.domain.documents import MOST_BYTES, lasts, too_large


def test_configurations_and_queues_last_and_what_tells_of_one_head_does_not() -> None:
    assert lasts("config:22")
    assert lasts("queue:22:main")
    assert not lasts("review:22:7:abc")


def test_a_document_is_measured_in_bytes_and_the_one_that_is_too_large_is_named() -> None:
    assert too_large({"a": "x" * MOST_BYTES, "b": "é" * (MOST_BYTES // 2)}) == ""
    assert too_large({"a": "{}", "b": "é" * MOST_BYTES}).startswith("document b has 2,000,000 bytes")
