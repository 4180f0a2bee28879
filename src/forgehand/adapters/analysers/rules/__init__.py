"""Our own rules, one file each. `FILE_RULES` look at one file's content, `CHANGE_RULES` at a change as a whole.

A new rule is one file here with one line below, and one test. Called by `own`.
"""

from collections.abc import Callable, Iterator

from forgehand.adapters.analysers.rules.changes import Change
from forgehand.adapters.analysers.rules.conflict_markers import conflict_markers
from forgehand.adapters.analysers.rules.debugging import debugging
from forgehand.adapters.analysers.rules.deleted_tests import deleted_tests
from forgehand.adapters.analysers.rules.giant_files import giant_files
from forgehand.adapters.analysers.rules.large_changes import large_changes
from forgehand.adapters.analysers.rules.skipped_tests import skipped_tests
from forgehand.adapters.analysers.rules.unfinished import unfinished
from forgehand.adapters.analysers.rules.workflow_edits import workflow_edits
from forgehand.domain.findings import Finding

__all__ = ["CHANGE_RULES", "FILE_RULES"]

FILE_RULES: tuple[Callable[[str, bytes], Iterator[Finding]], ...] = (
    conflict_markers,
    giant_files,
    skipped_tests,
    debugging,
    unfinished,
)
CHANGE_RULES: tuple[Callable[[Change], Iterator[Finding]], ...] = (deleted_tests, large_changes, workflow_edits)
