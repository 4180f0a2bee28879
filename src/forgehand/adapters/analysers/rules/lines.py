"""Lines of a content that a pattern matches, without holding them all. Used by the rules."""

import re
from collections.abc import Iterator

NAME = "rules"
"""The analyser's name, which each finding of a rule on a file carries."""


def matching(content: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, str]]:
    """Number and text of each line in which `pattern` (MULTILINE, within one line) matches, once. A file may be nothing
    but line breaks, so it is never split."""
    number, at, last = 1, 0, 0
    for found in pattern.finditer(content):
        number += content.count(b"\n", at, found.start())
        at = found.start()
        if number != last:
            last = number
            yield number, line_at(content, at)


def line_at(content: bytes, at: int) -> str:
    start = content.rfind(b"\n", 0, at) + 1
    end = content.find(b"\n", at)
    return content[start : end if end >= 0 else len(content)][:MOST].decode("utf-8", "replace").strip()


MOST = 400
"""Bytes of a line that are kept."""
