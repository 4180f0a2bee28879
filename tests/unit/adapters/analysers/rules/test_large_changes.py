"""Large changes."""

from forgehand.adapters.analysers.rules.changes import Change, ChangedFile
from forgehand.adapters.analysers.rules.large_changes import LARGE, large_changes


def test_a_large_change_is_told_where_most_of_it_is() -> None:
    files = (ChangedFile("a.py", "modified", added=LARGE // 2), ChangedFile("b.py", "modified", added=LARGE, first=7))
    (finding,) = large_changes(Change(files))
    assert (finding.path, finding.line, finding.severity) == ("b.py", 7, "minor")
    assert finding.title == "The change adds 1,500 lines"


def test_it_is_the_same_finding_when_a_line_is_added() -> None:
    one, two = (
        next(large_changes(Change((ChangedFile("a.py", "added", added=lines),)))) for lines in (LARGE + 1, LARGE + 2)
    )
    assert one.fingerprint == two.fingerprint


def test_what_programs_write_does_not_count() -> None:
    files = (ChangedFile("uv.lock", "modified", added=9_000), ChangedFile("a.py", "modified", added=LARGE))
    assert list(large_changes(Change(files))) == []
