"""Printing and keeping what was measured. Called by each bench."""

import json
import shlex
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"


def show(title: str, machine: Mapping[str, str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The machine, then a Markdown table: it is what `bench/README.md` keeps."""
    print(f"\n{title}, {time.strftime('%d %B %Y %H:%M UTC', time.gmtime())}, `{command()}`")
    print(", ".join(f"{name} {value}" for name, value in machine.items()) + "\n")
    widths = [max(len(row[at]) for row in (columns, *rows)) for at in range(len(columns))]
    for row in (columns, ["-" * width for width in widths], *rows):
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)


def keep(name: str, value: Mapping[str, Any]) -> Path:
    """Write the measurement as JSON; gives the file."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.json"
    path.write_text(json.dumps({"at": time.time(), "command": command(), **value}, indent=2) + "\n")
    return path


def command() -> str:
    module = Path(sys.argv[0]).parent.name
    return shlex.join(["./dev", "bench", module, *sys.argv[1:]])


def say(text: str) -> None:
    """Progress, apart from the result."""
    print(text, file=sys.stderr, flush=True)


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """`median (lowest–highest)`."""
    low, mid, high = (f"{value:,.{digits}f}" for value in (min(values), middle(values), max(values)))
    return mid if len(values) == 1 else f"{mid} ({low}–{high})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all values do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
