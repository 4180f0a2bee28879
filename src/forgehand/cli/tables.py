"""Tables for people, and for `grep` and `awk`. Used by every command that shows several things of a kind.

On a terminal a table is made to fit it. Elsewhere a row is one line, however long, and its values are whole: scripts
rely upon these columns, beside `--json`.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

import typer

from forgehand.cli.printing import clean, console, is_narrow, moment, rendered, styled, words

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2
"""Spaces between two columns on a terminal."""

LEGIBLE = 40
"""As wide as a text is shown before there is room to spare."""

LEAST = 10
"""As narrow as a text gets; where that is not enough, the terminal breaks the lines."""


class Room(Enum):
    """How a column takes part in the room that there is."""

    TEXT = auto()
    """Gives way on a terminal, the longest first."""
    WHOLE = auto()
    """Never gives way: what is short, and what is copied."""
    SPARE = auto()
    """The same, but left out on a terminal where texts would become hard to read beside it."""
    TERMINAL = auto()
    """A text that is shown on terminals alone."""
    PIPE = auto()
    """Not shown on terminals."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    room: Room = Room.TEXT

    @property
    def gives_way(self) -> bool:
        return self.room in (Room.TEXT, Room.TERMINAL)


@dataclass(frozen=True, slots=True)
class Id:
    """What commands take as input. A terminal shows its beginning: `least` characters, or as many more as tell it from
    the others in its column."""

    whole: str
    least: int = 8


@dataclass(frozen=True, slots=True)
class At:
    """A moment in epoch seconds: on a terminal in as few words as are clear today."""

    seconds: float | None


def listing(columns: Sequence[Column], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print one line for each row, or `empty` where there are none. What is too long for a terminal is cut with …."""
    _print(columns, list(rows), empty, cut=True)


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], empty: str) -> None:
    """The same as part of an answer: nothing is lost, what is too long for a terminal goes on in the next line."""
    _print(columns, list(rows), empty, cut=False)


def brief(at: float | None, now: float) -> str:
    """`12:05:10` today, `Nov 26 12:05` this year, else the day."""
    if not at:
        return ""
    then, today = (datetime.fromtimestamp(each).astimezone() for each in (at, now))
    if then.date() == today.date():
        return f"{then:%H:%M:%S}"
    return f"{then:%b %d %H:%M}" if then.year == today.year else f"{then:%Y-%m-%d}"


def _print(columns: Sequence[Column], rows: Sequence[Sequence[object]], empty: str, *, cut: bool) -> None:
    if not rows:
        typer.echo(empty)
        return
    to, cells = console(), list(zip(*rows, strict=True))
    if is_narrow():
        shown, width = _fitted(columns, [_shortened(each) for each in cells], to.width, cut)
        to.width = max(to.width, width)
    else:
        shown = _unbroken(columns, cells)
    typer.echo(rendered(shown, to))


def _unbroken(columns: Sequence[Column], cells: Sequence[Sequence[object]]) -> "Table":
    """Each row as one line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    shown = [index for index, column in enumerate(columns) if column.room is not Room.TERMINAL]
    made = Table(*(columns[index].name for index in shown), box=SIMPLE_HEAD, pad_edge=False)
    for row in zip(*(cells[index] for index in shown), strict=True):
        made.add_row(*(styled(_one_line(_whole(value))) for value in row))
    return made


def _fitted(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int, cut: bool) -> "tuple[Table, int]":
    """The columns that there is room for, and the least width that they need."""
    from rich.cells import cell_len
    from rich.table import Column as Heading
    from rich.table import Table

    if cut:
        cells = [[_one_line(text) for text in each] for each in cells]
    lengths = [
        max(cell_len(line) for text in (column.name, *each) for line in text.split("\n"))
        for column, each in zip(columns, cells, strict=True)
    ]
    shown = _with_room(columns, lengths, width)
    headings = [Heading(columns[index].name, no_wrap=not columns[index].gives_way) for index in shown]
    made = Table(*headings, box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for row in zip(*(cells[index] for index in shown), strict=True):
        made.add_row(*(styled(text, cut=cut) for text in row))
    return made, _needed(columns, lengths, shown, LEAST)


def _with_room(columns: Sequence[Column], lengths: Sequence[int], width: int) -> list[int]:
    """Which columns a terminal shows: those to spare are left out, the last first, until texts are legible."""
    shown = [index for index, column in enumerate(columns) if column.room is not Room.PIPE]
    for spare in [index for index in reversed(shown) if columns[index].room is Room.SPARE]:
        if _needed(columns, lengths, shown, LEGIBLE) > width:
            shown.remove(spare)
    return shown


def _needed(columns: Sequence[Column], lengths: Sequence[int], shown: Sequence[int], text: int) -> int:
    """The width of these columns where each text has that much, or as much as it needs."""
    widths = [min(lengths[index], text) if columns[index].gives_way else lengths[index] for index in shown]
    return sum(widths) + GAP * (len(shown) - 1)


def _shortened(cells: Sequence[object]) -> list[str]:
    """The cells of one column as a terminal shows them."""
    now, length = time.time(), _telling([each for each in cells if isinstance(each, Id)])
    return [_short(each, length, now) for each in cells]


def _telling(ids: Sequence[Id]) -> int:
    """How many characters tell these apart."""
    whole = {each.whole for each in ids}
    length = max((each.least for each in ids), default=0)
    while len({each[:length] for each in whole}) < len(whole):
        length += 1
    return length


def _short(value: object, length: int, now: float) -> str:
    match value:
        case Id(whole):
            return clean(whole[:length])
        case At(seconds):
            return brief(seconds, now)
    return words(value)


def _whole(value: object) -> str:
    match value:
        case Id(whole):
            return clean(whole)
        case At(seconds):
            return moment(seconds)
    return words(value)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\t", " ").splitlines())
