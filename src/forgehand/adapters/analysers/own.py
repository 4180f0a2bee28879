"""Our own rules: each a function over one file's lines. Used by the review worker through the analyser port.

A new rule is one function in `_RULES` and one test.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from forgehand.adapters.analysers.sources import Sources
from forgehand.domain.findings import Finding, Severity
from forgehand.ports.analysers import Analysis

GIANT_LINES = 5_000


class OwnRules:
    name = "rules"

    def wants(self, path: str) -> bool:
        return True

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await asyncio.to_thread(_analysis, tree, paths)


def _analysis(tree: Path, paths: Sequence[str]) -> Analysis:
    sources = Sources(tree)
    return Analysis(tuple(sorted(f for path in paths for rule in _RULES for f in rule(path, sources.lines(path)))))


_START, _MIDDLE, _END = (re.compile(rf"{re.escape(sign)}(?: |\r?$)") for sign in ("<<<<<<<", "=======", ">>>>>>>"))


def _conflict_markers(path: str, lines: Sequence[str]) -> Iterator[Finding]:
    """A start, a middle and an end in that order: a row of signs alone may be a heading."""
    start = middle = 0
    for number, line in enumerate(lines, 1):
        if _START.match(line):
            start, middle = number, 0
        elif _MIDDLE.match(line) and start:
            middle = number
        elif _END.match(line) and start and middle:
            yield Finding(
                path,
                start,
                "conflict-marker",
                Severity.MAJOR,
                "An unresolved merge conflict",
                f"The markers run from line {start} to line {number}: keep one side, or both, and remove them.",
                OwnRules.name,
                lines[start - 1].strip(),
            )
            start = middle = 0


_NOT_WRITTEN = re.compile(r"(^|/)(package-lock\.json|[^/]*\.lock|go\.sum|[^/]*\.min\.(js|css)|[^/]*\.(svg|csv|ipynb))$")


def _giant_file(path: str, lines: Sequence[str]) -> Iterator[Finding]:
    """Said on the first line, where it shows when the file is new."""
    if len(lines) > GIANT_LINES and not _NOT_WRITTEN.search(path) and "\0" not in lines[0]:
        yield Finding(
            path,
            1,
            "giant-file",
            Severity.MINOR,
            f"A file of {len(lines):,} lines",
            "Nobody can review this much at once. If it is generated, it is better made by the build.",
            OwnRules.name,
        )


_RULES: tuple[Callable[[str, Sequence[str]], Iterator[Finding]], ...] = (_conflict_markers, _giant_file)
