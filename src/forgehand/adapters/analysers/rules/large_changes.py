"""Rule: a change of more lines than anybody reviews well."""

from collections.abc import Iterator

from forgehand.adapters.analysers.rules.changes import CHANGE_NAME, Change
from forgehand.adapters.analysers.rules.giant_files import NOT_WRITTEN
from forgehand.domain.findings import Finding, Severity

LARGE = 1_000
"""Added lines."""


def large_changes(change: Change) -> Iterator[Finding]:
    """Said where most of them stand. What programs write does not count."""
    written = [file for file in change.files if file.added and not NOT_WRITTEN.search(file.path)]
    added = sum(file.added for file in written)
    if added > LARGE:
        most = max(written, key=lambda file: (file.added, file.path))
        title = f"The change adds {added:,} lines"
        body = "Reviewers find less in each line of a large change. Could it come in parts?"
        # The number stays out of the text, so that the next push does not say it anew.
        yield Finding(most.path, most.first, "large-change", Severity.MINOR, title, body, CHANGE_NAME)
