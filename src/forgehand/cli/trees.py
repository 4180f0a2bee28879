"""A tree of rulings as people read it: one line for each, what does not apply left out. Used by `forgehand policy`."""

from collections.abc import Iterator, Mapping

from forgehand.cli.printing import STYLES, clean, console
from forgehand.domain.rulings import Ruling, State

_MARKS = {
    State.SATISFIED: "✓",
    State.VIOLATED: "✗",
    State.PENDING: "…",
    State.NOT_APPLICABLE: "–",
    State.SWITCHED_OFF: "○",
}

NOBODY: Mapping[str, str] = {}


def print_tree(root: Ruling, expected: Mapping[str, str] = NOBODY) -> None:
    """The tree, in color on a terminal. A ruling whose rule was `expected` in another state stands as a difference."""
    from rich.text import Text

    to = console()
    for line, style in _lines(root, expected, 0):
        to.print(Text(clean(line), style=style))


def _lines(ruling: Ruling, expected: Mapping[str, str], depth: int) -> Iterator[tuple[str, str]]:
    indent, wanted = "  " * depth, expected.get(ruling.rule, str(ruling.state)) if depth <= 1 else str(ruling.state)
    if wanted != ruling.state:
        yield f"- {indent}{ruling.rule}: {wanted}", STYLES["failed"]
        yield f"+ {indent}{ruling.rule}: {ruling.state}. {ruling.reason}", STYLES["done"]
    elif ruling.state is not State.NOT_APPLICABLE:
        yield f"  {indent}{_MARKS[ruling.state]} {ruling.rule}: {ruling.reason}", STYLES[str(ruling.state)]
    for part in ruling.parts:
        yield from _lines(part, expected, depth + 1)
