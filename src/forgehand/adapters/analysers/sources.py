"""Reading files of a tree that strangers wrote. Used by the analysers."""

import functools
from pathlib import Path

from forgehand.adapters.analysers.concealing import conceal

_SHOWN = 400
"""Characters of a line that are kept."""


class Sources:
    """The lines of a tree's files, for one who asks file by file. Files are bytes to us; what is not UTF-8 shows a
    mark."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self.lines = functools.lru_cache(maxsize=2)(self._lines)

    def line(self, path: str, number: int) -> str:
        """The beginning of line `number` (from 1) without the blanks around it and without what looks like a secret, or
        nothing past the end."""
        lines = self.lines(path)
        return conceal(lines[number - 1].strip()[:_SHOWN]) if 1 <= number <= len(lines) else ""

    def length(self, path: str, number: int) -> int:
        lines = self.lines(path)
        return len(lines[number - 1]) if 1 <= number <= len(lines) else 0

    def content(self, path: str) -> bytes:
        return (self._tree / path).read_bytes()

    def _lines(self, path: str) -> tuple[str, ...]:
        # Line breaks as git and GitHub count them: a form feed or U+2028 is no line break.
        return tuple(self.content(path).decode("utf-8", "replace").split("\n"))
