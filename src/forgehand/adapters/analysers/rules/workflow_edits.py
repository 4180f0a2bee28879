"""Rule: a change of what runs with the repository's secrets."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.changes import CHANGE_NAME, Change
from forgehand.domain.findings import Finding, Severity

_WORKFLOW = re.compile(r"^\.github/(?:workflows/[^/]+\.ya?ml|actions/.+)$|(?:^|/)action\.ya?ml$", re.IGNORECASE)
_BODY = "It runs with the repository's token, and on other events with its secrets. Look twice at what it does."


def workflow_edits(change: Change) -> Iterator[Finding]:
    for file in change.files:
        if _WORKFLOW.search(file.path) and file.status != "removed":
            title = "A new workflow" if file.status == "added" else "A workflow is changed"
            yield Finding(file.path, file.first, "workflow-edit", Severity.MINOR, title, _BODY, CHANGE_NAME)
