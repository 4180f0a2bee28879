"""The manifest: every changed file once, with what happened to it and why."""

from hypothesis import given
from hypothesis import strategies as st

from forgehand.workers.review.rules.static import Depth, Entry, File, StaticReview, manifest

_NAMES = st.sampled_from(["ruff", "secrets", "rules", "oxlint"])
_PATHS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
_FILES = st.builds(
    File,
    path=_PATHS,
    status=st.sampled_from(["added", "removed", "modified", "renamed"]),
    looked=st.lists(_NAMES, unique=True).map(tuple),
    missed=st.lists(st.tuples(_NAMES, st.sampled_from(["too slow", "it crashed"])), max_size=2).map(tuple),
    partly=st.lists(st.tuples(_NAMES, st.just("a template")), max_size=1).map(tuple),
    left_out=st.sampled_from(["", "a symbolic link", "a submodule", "larger than 2,000,000 bytes"]),
    excused=st.booleans(),
    binary=st.booleans(),
)


@given(st.lists(_FILES, max_size=30, unique_by=lambda file: file.path))
def test_every_file_has_one_entry_and_each_entry_a_reason(files: list[File]) -> None:
    entries = _entries(files)
    assert sorted(entry.path for entry in entries) == sorted(file.path for file in files)
    assert all(entry.reason and entry.depth in Depth for entry in entries)


@given(_FILES)
def test_only_a_file_that_all_its_analysers_read_whole_is_called_reviewed(file: File) -> None:
    (entry,) = _entries([file])
    partly = file.missed or file.partly or file.binary
    whole = file.looked and not (partly or file.left_out or file.status == "removed")
    assert (entry.depth is Depth.REVIEWED) == bool(whole)


@given(st.lists(_FILES, max_size=30, unique_by=lambda file: file.path))
def test_the_order_of_the_files_changes_nothing(files: list[File]) -> None:
    assert _entries(files) == _entries(files[::-1])


def _entries(files: list[File]) -> tuple[Entry, ...]:
    return tuple(manifest(StaticReview("a" * 40, "main", tuple(files))))
