import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from forgehand.cli.printing import clean, counted, emit_json, lines, plain, words
from forgehand.domain.ledger import EffectState


@dataclass(frozen=True)
class Row:
    state: EffectState
    body: bytes
    where: Path
    parts: tuple[int, ...]


def test_values_of_ours_become_plain_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json([Row(EffectState.DONE, b"\xff{}", Path("a/b"), (1, 2))])
    assert json.loads(capsys.readouterr().out) == [
        {"state": "done", "body": "\ufffd{}", "where": "a/b", "parts": [1, 2]}
    ]


def test_json_of_a_mapping_has_text_as_keys() -> None:
    assert plain({1: None, EffectState.DONE: True}) == {"1": None, "done": True}


def test_what_could_steer_a_terminal_is_taken_out() -> None:
    assert clean("a\x1b[2Jb\x07\r\x9bc") == "a[2Jbc"


def test_one_thing_is_counted_as_one() -> None:
    assert [counted(number, "time") for number in (0, 1, 2)] == ["0 times", "1 time", "2 times"]


def test_a_list_has_a_line_for_each_of_its_parts() -> None:
    assert lines(["a", {"path": "x.py", "line": 3, "why": ""}, 7]) == "a\npath: x.py, line: 3\n7"


def test_states_are_spelled_with_spaces_and_names_are_not() -> None:
    assert [words(each) for each in ("dead_letter", "pull_request", None)] == ["dead letter", "pull_request", ""]
