"""Reading files of a tree that strangers wrote. Used by the analysers."""

import functools
from pathlib import Path


class Sources:
    """The lines of a tree's files, for one who asks file by file. Files are bytes to us; what is not UTF-8 shows a
    mark."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self.lines = functools.lru_cache(maxsize=2)(self._lines)

    def line(self, path: str, number: int) -> str:
        """The line `number` (from 1) without the blanks around it, or nothing past the end."""
        lines = self.lines(path)
        return lines[number - 1].strip() if 1 <= number <= len(lines) else ""

    def _lines(self, path: str) -> tuple[str, ...]:
        # Line breaks as git and GitHub count them: a form feed or U+2028 is no line break.
        return tuple((self._tree / path).read_bytes().decode("utf-8", "replace").split("\n"))
