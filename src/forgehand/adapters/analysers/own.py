"""Our own rules: each a function over one file's content. Used by the review worker through the analyser port.

A new rule is one function in `_RULES` and one test.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from forgehand.domain.findings import Finding, Severity
from forgehand.ports.analysers import Analysis

GIANT_LINES = 5_000
MOST = 1_000
"""Findings in one file."""


class OwnRules:
    name = "rules"

    def wants(self, path: str, start: bytes = b"") -> bool:
        return True

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await asyncio.to_thread(_analysis, tree, paths)


def _analysis(tree: Path, paths: Sequence[str]) -> Analysis:
    """One file in memory at a time, and never as a list of lines: a file may be nothing but line breaks."""
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for path in paths:
        content = (tree / path).read_bytes()
        found = list(islice((finding for rule in _RULES for finding in rule(path, content)), MOST + 1))
        findings += found[:MOST]
        if len(found) > MOST:
            unread[path] = f"it has more than {MOST:,} findings"
    return Analysis(tuple(sorted(findings)), unread)


_MARKER = re.compile(rb"^(<<<<<<<|=======|>>>>>>>)(?: [^\n]*|\r?)$", re.MULTILINE)


def _conflict_markers(path: str, content: bytes) -> Iterator[Finding]:
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
            yield Finding(
                path,
                start,
                "conflict-marker",
                Severity.MAJOR,
                "An unresolved merge conflict",
                f"The markers run from line {start} to line {number}: keep one side, or both, and remove them.",
                OwnRules.name,
                text,
            )
            start = middle = 0


_NOT_WRITTEN = re.compile(r"(^|/)(package-lock\.json|[^/]*\.lock|go\.sum|[^/]*\.min\.(js|css)|[^/]*\.(svg|csv|ipynb))$")


def _giant_file(path: str, content: bytes) -> Iterator[Finding]:
    """Said on the first line, where it shows when the file is new."""
    lines = content.count(b"\n") + 1
    if lines > GIANT_LINES and not _NOT_WRITTEN.search(path) and b"\0" not in content.partition(b"\n")[0]:
        yield Finding(
            path,
            1,
            "giant-file",
            Severity.MINOR,
            f"A file of {lines:,} lines",
            "Nobody can review this much at once. If it is generated, it is better made by the build.",
            OwnRules.name,
        )


_RULES: tuple[Callable[[str, bytes], Iterator[Finding]], ...] = (_conflict_markers, _giant_file)
