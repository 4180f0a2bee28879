"""Globs over paths, wildcards over names: what they match, what they refuse, and that none can be slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.policy.globs import flaw, is_like, matches


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("src/*.py", "src/a.py"),
        ("src/?.py", "src/a.py"),
        ("src/**", "src/a.py"),
        ("src/**", "src/deep/er/a.py"),
        ("**/*.py", "a.py"),
        ("**/*.py", "src/deep/a.py"),
        ("src/**/test_*.py", "src/test_a.py"),
        ("src/**/test_*.py", "src/x/y/test_a.py"),
        ("**/a/**/b", "x/a/y/z/b"),
        ("**", "anything/at/all"),
        ("release/*", "release/1.2"),
        ("a*b*c", "axxbyyc"),
    ],
)
def test_a_glob_matches_the_whole_path(glob: str, path: str) -> None:
    assert flaw(glob) == ""
    assert matches(glob, path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("src", "src/a.py"),
        ("*.md", "docs/a.md"),
        ("src/*", "src/deep/a.py"),
        ("src/**", "src"),
        ("src/**", "source/a.py"),
        ("src/?.py", "src/.py"),
        ("**/a/b", "a/x/b"),
        ("main", "Main"),
    ],
)
def test_a_glob_matches_nothing_else(glob: str, path: str) -> None:
    assert not matches(glob, path)


@pytest.mark.parametrize(
    ("glob", "fix"),
    [
        ("", "1 to 200 characters"),
        ("/src", "write src"),
        ("src/", "write src/**"),
        ("src/**.py", "write **/*.py"),
        ("src/{a,b}", "one pattern for each"),
        ("src/[ab]", "one pattern for each"),
        ("!src", "under `none`"),
        ("a//b", "has a name"),
        ("../x", "has a name"),
        ("a\\b", "separated by /"),
        ("a\nb", "control characters"),
        ("a" * 201, "1 to 200 characters"),
    ],
)
def test_a_bad_glob_is_refused_with_what_to_write(glob: str, fix: str) -> None:
    assert fix in flaw(glob)


def test_a_wildcard_compares_names_without_regard_to_case() -> None:
    assert is_like("feat*: *", "Feat(cart): Add a sum")
    assert is_like("do not merge", "Do Not Merge")
    assert is_like("ci/*", "ci/build/linux")
    assert not is_like("a?", "ab")
    assert not is_like("feat", "feature")


NAMES = st.text("ab/", min_size=1, max_size=12).filter(lambda text: not flaw(text))


@given(NAMES)
def test_a_path_matches_itself_and_everything(path: str) -> None:
    assert matches(path, path)
    assert matches("**", path)
    assert matches(f"**/{path}", f"x/y/{path}")


def test_a_pattern_full_of_stars_is_decided_at_once() -> None:
    assert not matches("*a" * 60 + "b", "a" * 4000)
    assert not matches("**/" * 60 + "b", "a/" * 2000 + "c")
    assert not is_like("*a" * 60 + "b", "a" * 60_000)


@given(st.text("ab/*?", min_size=1, max_size=12).filter(lambda text: not flaw(text)))
def test_a_glob_matches_itself_and_can_stand_for_what_it_matches(glob: str) -> None:
    assert matches(glob, glob)
