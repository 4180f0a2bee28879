"""Files nested so deeply that a parser's time or stack would not last. Used by the analysers.

Parsers take time by the square of the depth, or a stack frame for each level: a page of brackets holds one for minutes.
"""

import re

DEEPEST = 2_000
TOO_DEEP = f"it is nested more than {DEEPEST:,} levels deep"
_BRACKET = re.compile(rb"[\[\](){}]")


def too_deep(content: bytes) -> bool:
    """Whether brackets stand in brackets deeper than any person's; those in quotes count, too."""
    if content.count(b"[") + content.count(b"(") + content.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(content):
        depth += 1 if bracket[0] in b"[({" else -1 if depth else 0
        if depth > DEEPEST:
            return True
    return False
