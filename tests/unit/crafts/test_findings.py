"""What counts as new."""

import random
from dataclasses import replace

from forgehand.crafts.findings import MAX_BODY, MAX_TITLE, Said, fixed, in_order, new_findings, shorten
from forgehand.domain.findings import Finding, Severity


def _finding(line: int = 1, path: str = "a.py", text: str = "x = y", severity: Severity = Severity.MINOR) -> Finding:
    return Finding(path, line, "F821", severity, "Undefined name `y`", "", "ruff", text)


def _new(base: list[Finding], head: list[Finding], added: set[int]) -> list[int]:
    got = new_findings(base, head, renames={}, added={"a.py": frozenset(added)})
    return [finding.line for finding in got]


def test_a_finding_on_an_added_line_is_new() -> None:
    assert _new([], [_finding(5)], {5}) == [5]


def test_a_finding_on_a_line_the_change_left_alone_is_not_told() -> None:
    assert _new([], [_finding(5)], {4}) == []


def test_a_known_flaw_that_moved_is_not_new() -> None:
    assert _new([_finding(2)], [_finding(9)], {9}) == []


def test_a_second_copy_of_a_known_flaw_is_new() -> None:
    assert _new([_finding(2)], [_finding(2), _finding(9)], {9}) == [9]
    assert _new([_finding(2)], [_finding(8), _finding(9)], {8, 9}) == [9]


def test_a_file_that_the_change_does_not_touch_has_nothing_new() -> None:
    assert new_findings([], [_finding(path="b.py")], renames={}, added={"a.py": frozenset({1})}) == ()


def test_a_renamed_files_flaws_are_known() -> None:
    base, head = [_finding(path="old.py")], [_finding(3, path="new.py"), _finding(4, path="new.py", text="z")]
    got = new_findings(base, head, renames={"old.py": "new.py"}, added={"new.py": frozenset({3, 4})})
    assert [finding.line for finding in got] == [4]


def test_the_same_finding_reported_twice_counts_once() -> None:
    assert _new([], [_finding(5), _finding(5)], {5}) == [5]


def test_order_is_major_first_then_place_however_they_came() -> None:
    findings = [
        _finding(9, "a.py"),
        _finding(1, "b.py"),
        _finding(3, "b.py", severity=Severity.MAJOR),
        _finding(2, "z.py", severity=Severity.MAJOR),
    ]
    shuffled = random.Random(5).sample(findings, len(findings))
    got = [(finding.path, finding.line) for finding in in_order(shuffled)]
    assert got == [("b.py", 3), ("z.py", 2), ("a.py", 9), ("b.py", 1)]


def test_titles_and_bodies_keep_their_limits() -> None:
    long = replace(_finding(1), title="t" * 500, body="b" * 5000)
    (got,) = new_findings([], [long], renames={}, added={"a.py": frozenset({1})})
    assert (len(got.title), len(got.body)) == (MAX_TITLE, MAX_BODY)
    assert got.title.endswith("…")
    assert shorten("short", 140) == "short"


def _said(*findings: Finding) -> list[Said]:
    return [Said(finding.fingerprint, finding.path) for finding in findings]


def test_what_was_said_and_is_not_found_any_more_is_fixed() -> None:
    gone, stays = _finding(text="gone"), _finding(text="stays")
    assert fixed(_said(gone, stays), [stays]) == tuple(_said(gone))


def test_what_moved_is_not_fixed() -> None:
    assert fixed(_said(_finding(2)), [_finding(90)]) == ()


def test_of_two_alike_one_may_be_fixed() -> None:
    assert fixed(_said(_finding(2), _finding(9)), [_finding(9)]) == tuple(_said(_finding()))


def test_silence_about_what_could_not_be_read_fixes_nothing() -> None:
    said = _said(_finding(path="a.py"), _finding(path="b.py"))
    assert fixed(said, [], unsure={"a.py"}) == (said[1],)


def test_a_rebase_changes_no_fingerprint() -> None:
    """Other lines, other numbers, another message of a newer analyser: the same flaw."""
    before = _finding(7)
    after = replace(before, line=70, title="Undefined name `y` here", severity=Severity.MAJOR)
    assert before.fingerprint == after.fingerprint
    assert fixed(_said(before), [after]) == ()
