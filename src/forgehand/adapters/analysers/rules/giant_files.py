"""Rule: a file too long for anybody to read."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.lines import NAME
from forgehand.domain.findings import Finding, Severity

GIANT_LINES = 5_000
NOT_WRITTEN = re.compile(
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|[^/]*\.lock|go\.sum|[^/]*[.-]min\.(js|css|mjs)|"
    r"[^/]*\.(svg|csv|tsv|ipynb|snap|po|map|bundle\.js))$"
)
"""What a program wrote, or nobody reads line by line."""


def giant_files(path: str, content: bytes) -> Iterator[Finding]:
    """Said on the first line, where it shows when the file is new."""
    lines = content.count(b"\n") + 1
    if lines > GIANT_LINES and not NOT_WRITTEN.search(path) and b"\0" not in content.partition(b"\n")[0]:
        title = f"A file of {lines:,} lines"
        body = "Nobody can review this much at once. If it is generated, it is better made by the build."
        yield Finding(path, 1, "giant-file", Severity.MINOR, title, body, NAME)
