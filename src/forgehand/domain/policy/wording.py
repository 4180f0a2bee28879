"""Small words that the reasons of policy share."""

from collections.abc import Sequence

MAX_SHOWN = 80


def counted(number: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_of(texts: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`; nothing for nothing."""
    return " or ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def some(texts: Sequence[str]) -> str:
    """`a`, `a and b`, `a and 4 others`."""
    if len(texts) > 2:
        return f"{texts[0]} and {len(texts) - 1} others"
    return " and ".join(texts)


def shortened(text: str) -> str:
    """One line of at most 80 characters, for texts that somebody else wrote."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1].rstrip() + "…"
