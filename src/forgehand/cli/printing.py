"""Words for people, JSON for scripts. Used by every command that shows something; `tables` prints lists.

What comes from GitHub or a repository is printed as text: no markup is read in it, and control characters, which could
steer a terminal, are taken out.
"""

import dataclasses
import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

ENDLESS = 1_000_000
"""Columns where no terminal says otherwise, so that a log or a pipe gets whole lines."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

STYLES = {
    "completed": "green", "done": "green", "ok": "green", "success": "green",
    "failed": "red", "dead letter": "red", "problem": "red", "failure": "red", "rejected": "red",
    "unknown": "yellow", "refused": "yellow", "waiting": "yellow", "warning": "yellow",
    "running": "cyan", "claimed": "cyan", "sending": "cyan",
    "superseded": "dim", "cancelled": "dim",
    "satisfied": "green", "violated": "red", "not yet": "yellow", "not applicable": "dim",
    "switched off": "dim",
}  # fmt: skip


def details(pairs: Mapping[str, object]) -> None:
    """Print names and values in two columns; empty values are left out."""
    from rich.table import Table

    shown = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        if value not in ("", None, (), {}):
            shown.add_row(f"[bold]{name}", styled(words(value)))
    typer.echo(rendered(shown, console()))


def words(value: object) -> str:
    """What is printed of a value; states are spelled with spaces."""
    text = clean("" if value is None else str(value))
    spaced = text.replace("_", " ")
    return spaced if spaced in STYLES else text


def styled(text: str, *, cut: bool = False) -> "Text":
    """As it stands, in color where it is a state. What does not fit goes on in the next line, or is `cut` with …."""
    from rich.text import Text

    return Text(text, style=STYLES.get(text, ""), no_wrap=cut or None, overflow="ellipsis" if cut else "fold")


def rendered(shown: "Table", to: "Console") -> str:
    """The lines of a table, without the spaces with which rich fills each up to its width."""
    with to.capture() as captured:
        to.print(shown)
    return "\n".join(line.rstrip() for line in captured.get().removesuffix("\n").split("\n"))


def emit_json(value: object) -> None:
    """Print a value of ours as JSON: dataclasses as objects, bytes as text, enumerations as their values."""
    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: object) -> Any:
    """The value as JSON knows it."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case Path():
            return str(value)
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value)


def clean(text: str) -> str:
    """Without the control characters that could steer a terminal."""
    return _CONTROL.sub("", text)


def counted(number: int, noun: str) -> str:
    """`1 time`, `2 times`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def lines(value: object) -> str:
    """A value of JSON for people: each part of a list on a line of its own."""
    match value:
        case str():
            return value
        case list() | tuple():
            return "\n".join(lines(each) for each in value)
        case Mapping():
            return ", ".join(f"{name}: {lines(each)}" for name, each in value.items() if each not in ("", None))
    return str(value)


def moment(at: float | None) -> str:
    """Epoch seconds as local time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def console(*, err: bool = False) -> "Console":
    """Where to print: as wide as the terminal or as COLUMNS says, and without an edge where nothing does."""
    from rich.console import Console

    width = None if is_narrow(err=err) else ENDLESS
    return Console(file=sys.stderr if err else sys.stdout, width=width, highlight=False, soft_wrap=False)


def is_narrow(*, err: bool = False) -> bool:
    """Whether there is a width to keep to: that of a terminal, or COLUMNS, which rich obeys."""
    return (sys.stderr if err else sys.stdout).isatty() or os.environ.get("COLUMNS", "").isdigit()


def iso(at: float | None) -> str | None:
    """A moment for scripts."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else None
