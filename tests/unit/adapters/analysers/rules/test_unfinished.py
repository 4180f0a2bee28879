"""TODO and its like."""

import pytest

from forgehand.adapters.analysers.rules.unfinished import unfinished


def _lines(path: str, text: str) -> list[int]:
    return [finding.line for finding in unfinished(path, text.encode())]


@pytest.mark.parametrize(
    "line",
    [
        *("# TODO: mend", "x = 1  # FIXME", "// TODO(anna) mend", "/* HACK */", " * TODO mend", "-- TODO"),
        *("<!-- XXX -->", "get('https://example.org')  # TODO: mend", f"# {'x' * 500} # TODO: #1"),
    ],
)
def test_work_that_a_comment_puts_off_is_told(line: str) -> None:
    assert _lines("a.c", f"first\n{line}\n") == [2]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "# TODO(#123): mend"),
        ("a.py", "# TODO: https://example.org/issues/1"),
        ("a.py", "# FIXME ABC-12"),
        ("a.py", "todo = TODO_LIST"),
        ("a.py", 'x = "TODO"'),
        ("a.py", "# the TODO list"),
        ("a.md", "# TODO"),
    ],
)
def test_what_is_on_a_list_or_is_no_comment_is_left_alone(path: str, line: str) -> None:
    assert _lines(path, f"{line}\n") == []
