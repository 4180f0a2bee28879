"""Giant files."""

import pytest

from forgehand.adapters.analysers.rules.giant_files import GIANT_LINES, giant_files

GIANT = b"x\n" * (GIANT_LINES + 1)


def test_a_giant_file_is_minor_and_said_on_its_first_line() -> None:
    assert [(f.line, f.rule, f.severity) for f in giant_files("a.c", GIANT)] == [(1, "giant-file", "minor")]


@pytest.mark.parametrize("path", ["uv.lock", "d/data.csv", "web/package-lock.json", "a.min.js", "a.svg"])
def test_what_a_program_wrote_is_spared(path: str) -> None:
    assert list(giant_files(path, GIANT)) == []


def test_so_are_short_and_binary_ones() -> None:
    assert list(giant_files("a.c", b"x\n" * 10)) == list(giant_files("a", b"\0" + GIANT)) == []
