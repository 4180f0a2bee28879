"""Tests that a change takes away."""

from forgehand.adapters.analysers.rules.changes import Change, ChangedFile
from forgehand.adapters.analysers.rules.deleted_tests import deleted_tests


def _found(*files: ChangedFile) -> list[tuple[str, int, str]]:
    return [(f.path, f.line, f.rule) for f in deleted_tests(Change(files))]


def test_a_deleted_file_of_tests_is_told() -> None:
    assert _found(ChangedFile("tests/test_a.py", "removed")) == [("tests/test_a.py", 1, "deleted-test-file")]


def test_a_deleted_file_of_something_else_is_not() -> None:
    assert _found(ChangedFile("src/a.py", "removed")) == []


def test_one_that_moved_is_not_deleted() -> None:
    assert _found(ChangedFile("tests/test_a.py", "removed"), ChangedFile("tests/unit/test_a.py", "added")) == []


def test_tests_that_are_gone_are_named() -> None:
    file = ChangedFile(
        "test_a.py", "modified", added=1, first=9, tests_before=("test_1", "test_2"), tests_after=("test_1",)
    )
    (finding,) = deleted_tests(Change((file,)))
    assert (finding.line, finding.title) == (9, "Tests are taken away: `test_2`")


def test_more_than_three_are_counted() -> None:
    file = ChangedFile("test_a.py", "modified", tests_before=tuple(f"test_{n}" for n in range(5)))
    (finding,) = deleted_tests(Change((file,)))
    assert finding.title == "Tests are taken away: `test_0`, `test_1`, `test_2` and 2 more"


def test_a_test_with_a_better_name_is_not_gone() -> None:
    assert _found(ChangedFile("test_a.py", "modified", tests_before=("test_1",), tests_after=("test_it_adds",))) == []


def test_a_test_that_moved_to_another_file_is_not_gone() -> None:
    old = ChangedFile("test_a.py", "modified", tests_before=("test_1", "test_2"), tests_after=("test_1",))
    assert _found(old, ChangedFile("test_b.py", "added", tests_after=("test_2",))) == []
