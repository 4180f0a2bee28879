"""Rule: a change that takes tests away, by the file or one by one."""

from collections import Counter
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.changes import CHANGE_NAME, Change, ChangedFile
from forgehand.adapters.analysers.rules.test_files import is_test_file
from forgehand.domain.findings import Finding, Severity

_SHOWN = 3
_BODY = "If what they tested is gone, all is well; if not, nothing watches over it any more."


def deleted_tests(change: Change) -> Iterator[Finding]:
    """Tests that moved to another file of the change are not gone."""
    appeared = Counter(
        name for file in change.files for name in (Counter(file.tests_after) - Counter(file.tests_before))
    )
    for file in change.files:
        if file.status == "removed":
            if is_test_file(file.path) and not _moved(file, change):
                yield _finding(file, "deleted-test-file", "A file of tests is deleted")
            continue
        gone = [name for name in Counter(file.tests_before) - Counter(file.tests_after) if not appeared[name]]
        if len(gone) > len(set(file.tests_after) - set(file.tests_before)):
            # As many new as gone may be nothing but better names.
            names = ", ".join(f"`{name}`" for name in sorted(gone)[:_SHOWN])
            more = f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
            yield _finding(file, "deleted-tests", f"Tests are taken away: {names}{more}")


def _moved(file: ChangedFile, change: Change) -> bool:
    """Whether a test file of the same name appears elsewhere."""
    name = file.path.rpartition("/")[2]
    return any(new.path.rpartition("/")[2] == name for new in change.files if new.status in ("added", "renamed"))


def _finding(file: ChangedFile, rule: str, title: str) -> Finding:
    return Finding(file.path, file.first, rule, Severity.MINOR, title, _BODY, CHANGE_NAME, title)
