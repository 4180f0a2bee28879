"""Reading one file's patch."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.crafts.diffs import Lines, MalformedPatch, Spans, read_patch


def test_added_lines_and_shown_lines_are_told_apart() -> None:
    got = read_patch("@@ -1,4 +1,5 @@ def f():\n a\n-b\n+B\n+C\n c\n d\n")
    assert got == Lines(added=Spans([range(2, 4)]), shown=Spans([range(1, 6)]))


def test_githubs_patches_have_no_line_break_at_the_end() -> None:
    assert read_patch("@@ -0,0 +1 @@\n+a") == read_patch("@@ -0,0 +1 @@\n+a\n")


def test_several_hunks_keep_their_own_numbers() -> None:
    assert list(read_patch("@@ -1 +1 @@\n-a\n+b\n@@ -10,2 +10,3 @@\n x\n+y\n z\n").added) == [1, 11]


def test_content_that_looks_like_headers_is_content() -> None:
    patch = "@@ -1,3 +1,4 @@\n--- a/x\n-@@ -9 +9 @@\n+++ b/x\n+@@ -1 +1 @@\n+diff --git a/y b/y\n c\n"
    assert list(read_patch(patch).added) == [1, 2, 3]


def test_a_missing_line_break_is_no_line() -> None:
    patch = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n@@ -5 +5 @@\n-x\n+y"
    got = read_patch(patch)
    assert list(got.added) == list(got.shown) == [1, 5]


def test_windows_line_ends_form_feeds_and_unicode_separators_break_no_line() -> None:
    assert read_patch("@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\x0cd\u2028e\r\n").added == Spans([range(2, 3)])


def test_a_context_line_whose_blank_was_stripped_still_counts() -> None:
    assert read_patch("@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n") == Lines(Spans([range(3, 4)]), Spans([range(1, 4)]))


@pytest.mark.parametrize("patch", [None, ""])
def test_without_a_patch_there_are_no_lines(patch: str | None) -> None:
    assert read_patch(patch) == Lines()


def test_a_deleted_file_shows_no_line() -> None:
    assert read_patch("@@ -1,2 +0,0 @@\n-a\n-b\n") == Lines()


@pytest.mark.parametrize("patch", ["no hunk", "@@ -1,2 +1,2 @@\n a\n", "@@ -1 +1 @@\n?a\n", "@@ x @@\n"])
def test_what_is_no_patch_is_refused(patch: str) -> None:
    with pytest.raises(MalformedPatch):
        read_patch(patch)


_line = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(" +-"), _line), min_size=1, max_size=30), st.integers(1, 500))
def test_any_hunk_gives_back_the_lines_it_was_made_of(rows: list[tuple[str, str]], start: int) -> None:
    old = sum(sign != "+" for sign, _ in rows)
    new = [sign for sign, _ in rows if sign != "-"]
    patch = f"@@ -{start},{old} +{start},{len(new)} @@\n" + "\n".join(sign + text for sign, text in rows)
    got = read_patch(patch)
    assert list(got.added) == [start + n for n, sign in enumerate(new) if sign == "+"]
    assert list(got.shown) == [start + n for n in range(len(new))]


@given(st.sets(st.integers(1, 60)))
def test_spans_hold_the_lines_that_they_were_given_and_no_other(lines: set[int]) -> None:
    spans = Spans(range(line, line + 1) for line in sorted(lines))
    assert [line for line in range(62) if line in spans] == sorted(lines)
    assert all(before.stop < after.start for before, after in itertools.pairwise(spans.ranges))


@given(st.sets(st.integers(1, 60)), st.integers(1, 60))
def test_the_nearest_line_is_the_last_one_not_after_else_the_first(lines: set[int], line: int) -> None:
    before = [each for each in lines if each <= line]
    nearest = Spans(range(each, each + 1) for each in sorted(lines)).nearest(line)
    assert nearest == (max(before) if before else min(lines, default=None))


def test_a_million_added_lines_take_the_room_of_one() -> None:
    assert read_patch("@@ -0,0 +1,200000 @@\n" + "+\n" * 200_000).added.ranges == (range(1, 200_001),)
