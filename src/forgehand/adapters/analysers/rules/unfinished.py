"""Rule: work that a comment puts off."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.lines import NAME, matching
from forgehand.domain.findings import Finding, Severity

_COMMENT = r"(?:#|//|/\*|<!--|--|;|^[ \t]*\*)[ \t]*(?:TODO|FIXME|XXX|HACK)\b(?![-_/])"
_IN_FILE, _IN_LINE = re.compile(_COMMENT.encode(), re.MULTILINE), re.compile(_COMMENT)
_ISSUE = re.compile(r"#\d+|[A-Z]{2,}-\d+|https?://")
_PROSE = (".md", ".rst", ".txt", ".po", ".svg", ".csv", ".json", ".lock")


def unfinished(path: str, content: bytes) -> Iterator[Finding]:
    """One that names an issue is on somebody's list already."""
    if path.lower().endswith(_PROSE):
        return
    for line, text in matching(content, _IN_FILE):
        if _on_a_list(text):
            continue
        body = "Finish it here, or name the issue that will, so that somebody finds it."
        yield Finding(path, line, "unfinished", Severity.MINOR, "Work that is put off", body, NAME, text)


def _on_a_list(text: str) -> bool:
    """Whether an issue is named behind the mark, in as much of the line as is kept: a search behind each mark of a line
    without end would take for ever."""
    mark = _IN_LINE.search(text)
    return mark is not None and _ISSUE.search(text, mark.end()) is not None
