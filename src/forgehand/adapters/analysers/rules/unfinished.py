"""Rule: work that a comment puts off."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.lines import NAME, matching
from forgehand.domain.findings import Finding, Severity

_MARK = re.compile(
    rb"(?:#|//|/\*|<!--|--|;|^[ \t]*\*)[ \t]*(TODO|FIXME|XXX|HACK)\b(?![-_/])[ \t]*[:(]?(?!.*(?:#\d+|[A-Z]{2,}-\d+|https?://))",
    re.MULTILINE,
)
_PROSE = (".md", ".rst", ".txt", ".po", ".svg", ".csv", ".json", ".lock")


def unfinished(path: str, content: bytes) -> Iterator[Finding]:
    """One that names an issue is on somebody's list already."""
    if path.lower().endswith(_PROSE):
        return
    for line, text in matching(content, _MARK):
        body = "Finish it here, or name the issue that will, so that somebody finds it."
        yield Finding(path, line, "unfinished", Severity.MINOR, "Work that is put off", body, NAME, text)
