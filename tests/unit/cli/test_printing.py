import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from forgehand.cli.printing import clean, counted, emit_json, lines, plain, table
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


def test_markup_in_a_cell_is_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    table(["title"], [("[red]not red[/red] :smile: \x1b[31m",)], "none")
    out = capsys.readouterr().out
    assert "[red]not red[/red] :smile: [31m" in out
    assert "\x1b" not in out


def test_a_long_row_stays_on_one_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table(["why"], [("x" * 150,)], "none")
    assert "x" * 150 in capsys.readouterr().out


def test_no_rows_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    table(["why"], [], "Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"


def test_one_thing_is_counted_as_one() -> None:
    assert [counted(number, "time") for number in (0, 1, 2)] == ["0 times", "1 time", "2 times"]


def test_a_list_has_a_line_for_each_of_its_parts() -> None:
    assert lines(["a", {"path": "x.py", "line": 3, "why": ""}, 7]) == "a\npath: x.py, line: 3\n7"


def test_a_narrow_terminal_loses_no_text_and_cuts_no_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    guid, url = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01", "https://github.com/" + "long/" * 12
    table(["delivery", "where"], [(guid, url)], "none")
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 60
    assert guid in out
    assert url in "".join(out.replace(guid, "").split())
