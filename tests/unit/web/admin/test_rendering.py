"""Words for times, links that are links."""

import pytest

from forgehand.web.admin.rendering import content_parts, lasting, relative, safe_url, subject_url, successor


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0, "now"),
        (0.9, "now"),
        (1, "1 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (90000, "1 d ago"),
        (-30, "in 30 s"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(distance: float, words: str) -> None:
    assert relative(1_000_000 - distance, 1_000_000) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.841, "0.84 s"), (12.3, "12 s"), (200, "3 min 20 s"), (7260, "2 h 1 min")]
)
def test_a_duration_is_short(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "//evil.example", " https://x"])
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert safe_url(url) == ""


def test_a_subject_leads_to_its_pull_request_and_an_odd_one_to_its_repository() -> None:
    assert subject_url("https://github.com", "o/r", "pull/7") == "https://github.com/o/r/pull/7"
    assert subject_url("https://github.com", "o/r", "pull/7/../../x") == "https://github.com/o/r"
    assert subject_url("https://github.com", 'o/"r', "x") == "https://github.com/o/%22r"
    assert subject_url("https://github.com", "", "pull/7") == ""


def test_content_is_shown_short_parts_first_and_empty_parts_not_at_all() -> None:
    parts = content_parts(
        {"body": "a\nb", "event": "COMMENT", "comments": [{"path": "x"}], "none": "", "deep": {"a": 1}}
    )
    assert [(name, shown) for name, shown, _ in parts] == [
        ("event", "line"),
        ("body", "text"),
        ("comments", "list"),
        ("deep", "json"),
    ]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("superseded by 53d23c0b at 9f1c0de", ("53d23c0b", "9f1c0de")),
        ("superseded by 53d23c0b", ("53d23c0b", "")),
        ("superseded by the will of somebody", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_reason_tells_which_job_superseded_another(why: str, told: tuple[str, str]) -> None:
    assert successor(why) == told
