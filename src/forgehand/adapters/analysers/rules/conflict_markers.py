"""Rule: a merge conflict that nobody resolved."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.lines import NAME
from forgehand.domain.findings import Finding, Severity

_MARKER = re.compile(rb"^(<<<<<<<|=======|>>>>>>>)(?: [^\n]*|\r?)$", re.MULTILINE)


def conflict_markers(path: str, content: bytes) -> Iterator[Finding]:
    """A start, a middle and an end in that order: a row of signs alone may be a heading."""
    number, at = 1, 0
    start = middle = 0
    text = ""
    for marker in _MARKER.finditer(content):
        number += content.count(b"\n", at, marker.start())
        at = marker.start()
        if marker[1] == b"<<<<<<<":
            start, middle, text = number, 0, marker[0].decode("utf-8", "replace").strip()
        elif marker[1] == b"=======" and start:
            middle = number
        elif marker[1] == b">>>>>>>" and start and middle:
            title = "An unresolved merge conflict"
            body = f"The markers run from line {start} to line {number}: keep one side, or both, and remove them."
            yield Finding(path, start, "conflict-marker", Severity.MAJOR, title, body, NAME, text)
            start = middle = 0
