"""Rule: a change of what runs with the repository's secrets."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.changes import CHANGE_NAME, Change
from forgehand.domain.findings import Finding, Severity

_WORKFLOW = re.compile(r"^\.github/(?:workflows/[^/]+\.ya?ml|actions/.+)$|(?:^|/)action\.ya?ml$", re.IGNORECASE)
_BODY = "It runs with the repository's token, and on other events with its secrets. Look twice at what it does."


def workflow_edits(change: Change) -> Iterator[Finding]:
    """Said once for a change, at the first of them."""
    edited = [file for file in change.files if _WORKFLOW.search(file.path) and file.status != "removed"]
    if edited:
        first = min(edited, key=lambda file: file.path)
        what = "A new workflow" if first.status == "added" else "A workflow is changed"
        title = what if len(edited) == 1 else f"{len(edited)} workflows are changed"
        yield Finding(first.path, first.first, "workflow-edit", Severity.MINOR, title, _BODY, CHANGE_NAME)
