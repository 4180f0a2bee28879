"""A tree of rulings, one line for each."""

import pytest

from forgehand.cli.trees import print_tree
from forgehand.domain.rulings import Ruling, State


def test_what_is_switched_off_is_marked_otherwise_than_what_is_violated(capsys: pytest.CaptureFixture[str]) -> None:
    parts = (
        Ruling("ready", State.SATISFIED, "Nothing stands in the way."),
        Ruling("people", State.VIOLATED, "ada asked for changes."),
        Ruling("queue", State.NOT_APPLICABLE, "There is no merge queue."),
        Ruling("automatic merge", State.SWITCHED_OFF, "merge.auto is false: a person merges."),
    )
    print_tree(Ruling("merge", State.VIOLATED, "ada asked for changes.", parts=parts))
    assert capsys.readouterr().out.splitlines() == [
        "  ✗ merge: ada asked for changes.",
        "    ✓ ready: Nothing stands in the way.",
        "    ✗ people: ada asked for changes.",
        "    ○ automatic merge: merge.auto is false: a person merges.",
    ]
