"""Strangers' text cannot act inside ours. Judged by a real Markdown parser where it can be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from forgehand.crafts.markdown import code, prose, visible, within
from forgehand.domain.effects.base import marker, read_marker
from forgehand.workers.review.review_text import said_fingerprints

EVIL = [
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "@octocat please",
    "fixes #1 and acme/shop#2",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "https://evil.example www.evil.example",
    "a | b | c",
    "**bold** _it_ ~~no~~ `code`",
    "``` fence",
    "`` ` ``",
    "line\nbreak\r\n\r\n# heading",
    "&lt;b&gt; &#64;octocat",
    "<!-- forgehand:" + "a" * 32 + " -->",
    "<!-- forgehand-finding:" + "b" * 16 + " -->",
    "right\u202eto\u202cleft \u200b",
    "\x1b[31mred\x00",
    "\ud800",
    "trailing\\",
    ":tada: 1. - + >",
    "`a | b` | c",
    "`<!-- forgehand-finding:" + "c" * 16 + " -->`",
    "",
    "`",
]


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize("show", [prose, code])
def test_it_is_shown_as_text_and_nothing_else(text: str, show: object) -> None:
    _harmless(f"before {show(text)} after")  # type: ignore[operator]


@given(st.text(st.characters(exclude_categories=[]), max_size=60) | st.text("`<!->@#[]()\\|*_\n x1&;:/", max_size=60))
def test_any_text_is_harmless(text: str) -> None:
    _harmless(f"before {prose(text)} after")
    _harmless(f"before {code(text)} after")


@pytest.mark.parametrize("text", EVIL)
def test_it_stays_in_its_table_cell(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {prose(text, table=True)} | {code(text, table=True)} |\n"
    html = MarkdownIt("gfm-like", {"linkify": False}).render(table)
    assert len(re.findall("<td", html)) == 2
    assert len(re.findall("<tr", html)) == 2


def test_code_between_backticks_stays_code() -> None:
    assert prose("Undefined name `a_b`") == "Undefined name `a_b`"
    assert prose("use `a | b`") == "use `a | b`"


def test_mentions_and_references_are_cut_from_what_they_name() -> None:
    assert "@octocat" not in prose("@octocat")
    assert "#12" not in prose("see #12")
    for reference in ("GH-12", "gh-12"):
        assert reference not in prose(f"see {reference}").replace("\\", "")
    assert prose("GHz-12").replace("\\", "") == "GHz-12"


def test_control_and_direction_characters_are_spelled_out() -> None:
    assert visible("a\nb\r\tc\x1bd\u202ee") == "a␊b␍␉c\\u001bd\\u202ee"


def _harmless(markdown: str) -> None:
    tokens = [
        t for block in MarkdownIt("commonmark", {"html": True}).parse(markdown) for t in (block.children or [block])
    ]
    kinds = {token.type for token in tokens} - {"paragraph_open", "paragraph_close", "inline"}
    assert kinds <= {"text", "text_special", "code_inline"}, markdown
    for token in tokens:
        if token.type in ("text", "text_special"):
            assert not re.search(r"@\w", token.content)
    assert read_marker(markdown) is None
    assert said_fingerprints(markdown) == ()
    markdown.encode()


def test_our_own_marker_is_still_read() -> None:
    assert read_marker(prose("<!-- forgehand:" + "a" * 32 + " -->") + marker("b" * 32)) == "b" * 32


def test_of_lines_as_many_are_kept_as_there_is_room_for() -> None:
    assert within(["12345", "12345", "1"], 12, "{} more") == ["12345", "12345", "1 more"]
    assert within(["12345", "12345"], 12, "{} more") == ["12345", "12345"]
    assert within([], 0, "{} more") == []
