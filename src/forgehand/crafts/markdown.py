"""Strangers' text inside our Markdown: shown as it is, and unable to act. Called by the texts of workers.

It cannot mention people, link issues, open HTML, end a table cell or forge our hidden markers.
GitHub Flavored Markdown: https://github.github.com/gfm/
"""

import re
import unicodedata
from collections.abc import Sequence

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-!|~>.:])")
_CODE = re.compile(r"`([^`]+)`")
_REFERENCE = re.compile(r"(@|\\#|GH\\-)", re.IGNORECASE)
"""What begins a mention or names an issue (`#1`, `GH-1`), once punctuation is escaped.
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls"""
_TICKS = re.compile(r"`+")
ZERO_WIDTH = "\u200b"


def prose(text: str, *, table: bool = False) -> str:
    """Text for a sentence, or for a table cell. What stands between single backticks stays code."""
    parts = _CODE.split(visible(text))
    return "".join(code(part, table=table) if odd % 2 else _plain(part) for odd, part in enumerate(parts))


def code(text: str, *, table: bool = False) -> str:
    """A code span that the text cannot leave. In a table cell, pipes end the cell even inside code."""
    text = visible(text).replace("<!--", f"<!{ZERO_WIDTH}--")
    if table:
        text = text.replace("|", "\\|")
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if not text or text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def link_path(path: str, line: int) -> str:
    """A place in a file, for a table cell."""
    return code(f"{path}:{line}", table=True)


def within(lines: Sequence[str], room: int, rest: str) -> list[str]:
    """As many lines as there is room for, in characters, and then `rest`, which says at its `{}` how many are left
    out."""
    for at, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return [*lines[:at], rest.format(len(lines) - at)]
    return list(lines)


def visible(text: str) -> str:
    """Control and direction-changing characters, line breaks and lone surrogates spelled out: one honest line."""
    return "".join(_spelled(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _spelled(char: str) -> str:
    return {"\n": "␊", "\r": "␍", "\t": "␉"}.get(char, f"\\u{ord(char):04x}")


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = _PUNCTUATION.sub(r"\\\1", text)
    # GitHub knows no way to escape a mention; a character of no width after the sign is what it does not match.
    return _REFERENCE.sub(rf"\1{ZERO_WIDTH}", text)
