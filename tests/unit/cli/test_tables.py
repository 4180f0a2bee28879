"""Tables made to fit a terminal, and whole in a pipe: first any, then those of the commands, over a store whose values
are as long as real ones become.
"""

import asyncio
import re
from datetime import datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from forgehand.cli.main import app
from forgehand.cli.tables import At, Column, Id, Room, brief, listing, table
from forgehand.domain.jobs import Change, JobState, job_id
from forgehand.domain.ledger import EffectState
from support.stores import NOW, a_delivery, a_job, an_entry, opened

WIDTHS = (80, 100, 120, 200)
REPOSITORY = "a-rather-long-organization/a-service-with-a-long-name"
WHY = "the sandbox could not be started: bwrap: setting up uid map: Permission denied; see `forgehand doctor`"
GUIDS = [f"{start}-c5f1-11f0-9a3e-2f6a0c0f0a01" for start in ("5fc1d1d0", "5fc1d1d7", "7972a36d")]
URL = f"https://github.example/{REPOSITORY}/pull/1234#issuecomment-3561234567"
NOON = datetime(2026, 11, 27, 12, 5, 10).astimezone().timestamp()


def narrow(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))


@pytest.fixture(autouse=True)
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test says nothing else."""
    monkeypatch.delenv("COLUMNS", raising=False)


def test_markup_in_a_cell_is_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    listing([Column("title")], [("[red]not red[/red] :smile: \x1b[31m",)], "none")
    out = capsys.readouterr().out
    assert "[red]not red[/red] :smile: [31m" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("show", [listing, table])
def test_no_rows_are_said_in_words(capsys: pytest.CaptureFixture[str], show: type) -> None:
    show([Column("why")], [], "Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"


@pytest.mark.parametrize("show", [listing, table])
def test_in_a_pipe_a_row_is_one_line_of_whole_values(capsys: pytest.CaptureFixture[str], show: type) -> None:
    columns = [Column("id", Room.WHOLE), Column("about", Room.TERMINAL), Column("when", Room.PIPE), Column("why")]
    show(columns, [(Id(GUIDS[0]), "short", At(NOON), "two\nlines " + "x" * 5000)], "none")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if GUIDS[0] in line]
    assert rows == [[GUIDS[0], "2026-11-27", "12:05:10", "two", "lines", "x" * 5000]]


def test_on_a_terminal_a_list_cuts_the_longest_text_and_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, 40)
    columns = [Column("id", Room.WHOLE), Column("about"), Column("when", Room.PIPE), Column("why")]
    listing(columns, [(Id(GUIDS[0]), "acme/shop#1", At(NOON), "The tests failed:\n3 of 200")], "none")
    assert capsys.readouterr().out.splitlines() == [
        "id        about        why",
        "5fc1d1d0  acme/shop#1  The tests failed…",
    ]


def test_on_a_terminal_an_answer_goes_on_between_words_and_loses_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, 40)
    table([Column("state", Room.WHOLE), Column("why")], [(JobState.DEAD_LETTER, WHY)], "none")
    head, first, *others = capsys.readouterr().out.splitlines()
    assert (head.split(), first[:13]) == (["state", "why"], "dead letter  ")
    assert all(line.startswith(" " * 13) and len(line) <= 40 for line in others)
    assert " ".join(line[13:] for line in (first, *others)) == WHY


def test_what_can_be_spared_is_shown_where_texts_stay_legible(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {}
    for width in (59, 60, 67):
        narrow(monkeypatch, width)
        columns = [Column("attempts", Room.SPARE), Column("why"), Column("where", Room.SPARE)]
        listing(columns, [(1, WHY, "http://there")], "none")
        shown[width] = capsys.readouterr().out.split("\n")[0].split()
    assert shown == {59: ["attempts", "why"], 60: ["attempts", "why"], 67: ["attempts", "why", "where"]}


def test_where_even_the_least_is_too_much_ids_stay_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, 12)
    listing([Column("id", Room.WHOLE), Column("why")], [(Id(GUIDS[0]), WHY)], "none")
    assert capsys.readouterr().out.splitlines()[1] == "5fc1d1d0  the sandb…"


def test_ids_are_as_long_as_it_takes_to_tell_them_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, 80)
    listing([Column("id", Room.WHOLE)], [(Id(each),) for each in ("0123456789ab", "0123456789cd", "012345678900")], "")
    assert capsys.readouterr().out.split() == ["id", "0123456789a", "0123456789c", "01234567890"]


def test_a_moment_is_told_in_as_few_words_as_are_clear() -> None:
    now = NOON + 3600
    assert brief(NOON, now) == "12:05:10"
    assert brief(NOON - 86400, now) == "Nov 26 12:05"
    assert brief(NOON - 365 * 86400, now) == "2025-11-27"
    assert brief(None, now) == ""


# The tables of the commands


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store in which each delivery woke three workers, one of which gave up."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "data").mkdir()

    async def fill() -> None:
        async with opened(f"sqlite:///{folder}/data/forgehand.db") as store:
            for number, guid in enumerate(GUIDS):
                jobs = [
                    a_job(job_id(guid, worker, near=guid), worker=worker, delivery=guid, repository=REPOSITORY,
                          subject=f"pull/{1234 + number}", state=state, why=WHY)
                    for worker, state in (
                        ("review", JobState.COMPLETED), ("deployment", JobState.SUPERSEDED),
                        ("testing", JobState.DEAD_LETTER),
                    )
                ]  # fmt: skip
                await store.record(a_delivery(guid), Change(enqueue=tuple(jobs)))
                slot = job_id("slot", guid)
                summary = f"check run “Forgehand review” = failure on {REPOSITORY}@3c98fcb"
                entry = an_entry(slot, job=jobs[0].id, state=EffectState.UNKNOWN, summary=summary, why=WHY)
                await store.override_entry(entry, NOW)

    asyncio.run(fill())
    return folder


LISTS = {"deliveries": 3, "jobs": 9, "effects": 3}
"""The commands that list, and how many rows they have to show."""


def lines_of(*argv: str) -> list[str]:
    ran = CliRunner().invoke(app, argv)
    assert ran.exit_code == 0, ran.output
    return [line for line in ran.output.splitlines() if line]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("what", LISTS)
def test_a_list_has_one_line_for_each_row_and_fits_the_terminal(
    stored: Path, monkeypatch: pytest.MonkeyPatch, what: str, width: int
) -> None:
    monkeypatch.chdir(stored)
    narrow(monkeypatch, width)
    head, *rows = lines_of(what, "list")
    assert len(rows) == LISTS[what]
    assert max(cell_len(line) for line in (head, *rows)) <= width
    assert min(len(row) for row in rows) > width * 0.7
    for row in rows:
        assert re.match(r"[0-9a-f]{8,12} ", row), row


@pytest.mark.parametrize("what", LISTS)
def test_every_shortened_id_can_be_given_back(stored: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.chdir(stored)
    narrow(monkeypatch, 80)
    short = [row.split()[0] for row in lines_of(what, "list")[1:]]
    monkeypatch.delenv("COLUMNS")
    whole = [row.split()[0] for row in lines_of(what, "list")[2:]]
    assert [len(each) for each in whole] == [36 if what == "deliveries" else 32] * LISTS[what]
    for typed, named in zip(short, whole, strict=True):
        assert named in lines_of(what, "show", typed)[0]


def test_on_a_narrow_terminal_a_list_tells_what_matters_first(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stored)
    narrow(monkeypatch, 80)
    assert all(" dead letter: testi" in row for row in lines_of("deliveries", "list")[1:])
    failed = lines_of("jobs", "list", "--state", "dead-letter")
    assert failed[0].split() == ["id", "state", "worker", "about", "created", "why"]
    assert all(re.search(r"  dead letter  testing  a-rather-\S*…  \S.*  the sand\S*", row) for row in failed[1:])


def test_in_a_pipe_a_list_has_whole_values(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stored)
    for guid, row in zip(GUIDS[::-1], lines_of("deliveries", "list")[2:], strict=True):
        assert re.search(rf"^ {guid} .* {REPOSITORY} +.*testing: dead_letter", row), row
    jobs = lines_of("jobs", "list")
    assert jobs[0].split() == ["id", "state", "worker", "repository", "subject", "attempts", "created", "why"]
    assert all(re.search(rf" {REPOSITORY} +pull/123\d +0 .* {WHY}$", row) for row in jobs[2:])
    assert all(f"{REPOSITORY}@3c98fcb" in row and WHY in row for row in lines_of("effects", "list")[2:])


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_shown_fits_the_terminal_too_and_breaks_between_words(
    stored: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.chdir(stored)
    narrow(monkeypatch, width)
    shown = lines_of("deliveries", "show", GUIDS[0])
    assert max(map(cell_len, shown)) <= width
    assert set(WHY.split()) <= set(" ".join(shown).split())
