"""Lines of a patch, and where a line of an old file is in the new one."""

from forgehand.practice.diffs import FileDiff, follow

PATCH = "@@ -1,3 +1,4 @@\n a\n+new\n b\n c\n@@ -10,3 +11,2 @@ def f():\n x\n-y\n z\n\\ No newline at end of file"


def file(patch: str | None, status: str = "modified") -> FileDiff:
    return FileDiff(status, "f", None, "0" * 40, 1, 1, patch)


def test_lines_have_numbers_on_their_sides_and_a_position() -> None:
    found = [(x.tag, x.old, x.new, x.position, x.hunk) for x in file(PATCH).lines()]
    assert found == [
        (" ", 1, 1, 1, 0),
        ("+", None, 2, 2, 0),
        (" ", 2, 3, 3, 0),
        (" ", 3, 4, 4, 0),
        (" ", 10, 11, 6, 1),
        ("-", 11, None, 7, 1),
        (" ", 12, 12, 8, 1),
    ]


def test_a_hunk_is_shown_down_to_the_line_that_is_meant() -> None:
    line = file(PATCH).find("LEFT", 11)
    assert line is not None
    assert file(PATCH).hunk_until(line) == "@@ -10,3 +11,2 @@ def f():\n x\n-y"


def test_an_untouched_line_is_followed_and_a_changed_one_lost() -> None:
    where = {n: follow(n, file(PATCH)) for n in (1, 2, 5, 9, 10, 11, 12, 13, 40)}
    assert where == {1: 1, 2: 3, 5: 6, 9: 10, 10: 11, 11: None, 12: 12, 13: 13, 40: 40}
    assert follow(7, None) == 7
    assert follow(7, file(None)) is None
    assert follow(7, file(PATCH, "removed")) is None
