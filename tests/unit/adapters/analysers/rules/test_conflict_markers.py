"""Conflict markers."""

import pytest

from forgehand.adapters.analysers.rules.conflict_markers import conflict_markers

CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n"


@pytest.mark.parametrize(
    "text", [CONFLICT, CONFLICT.replace("\n", "\r\n"), CONFLICT.replace("=======", "||||||| base\nx\n=======")]
)
def test_a_merge_conflict_is_found_where_it_starts(text: str) -> None:
    (finding,) = conflict_markers("a.txt", text.encode())
    assert (finding.line, finding.rule, finding.severity, finding.text) == (
        2,
        "conflict-marker",
        "major",
        "<<<<<<< HEAD",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\n",
        "<<<<<<< only a start\n",
        "======= \n>>>>>>> no start\n",
        "    <<<<<<< HEAD\n    =======\n    >>>>>>> indented, as in a document\n",
        "<<<<<<<<<< ten\n=======\n>>>>>>>>>> ten\n",
    ],
)
def test_signs_that_are_no_conflict_are_left_alone(text: str) -> None:
    assert list(conflict_markers("a.rst", text.encode())) == []
