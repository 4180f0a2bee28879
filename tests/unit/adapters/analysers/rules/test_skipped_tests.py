"""Skipped tests."""

import pytest

from forgehand.adapters.analysers.rules.skipped_tests import skipped_tests


def _found(path: str, text: str) -> list[tuple[int, str, str]]:
    return [(f.line, f.rule, str(f.severity)) for f in skipped_tests(path, text.encode())]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/test_a.py", "@pytest.mark.skip"),
        ("tests/test_a.py", "    @pytest.mark.skip(reason='later')"),
        ("tests/test_a.py", "@pytest.mark.xfail"),
        ("tests/test_a.py", "@unittest.skip('x')"),
        ("tests/test_a.py", "    pytest.skip('x')"),
        ("tests/test_a.py", "pytestmark = pytest.mark.skip"),
        ("tests/test_a.py", "        self.skipTest('x')"),
        ("src/a.test.ts", "  it.skip('x', () => {"),
        ("src/a.spec.js", "xdescribe('x', () => {"),
        ("src/a.spec.js", "test.todo('x')"),
        ("a_test.go", "\tt.Skip()"),
        ("src/lib.rs", "    #[ignore]"),
        ("ATest.java", "  @Disabled"),
        ("a.bats", '  skip "later"'),
    ],
)
def test_a_skipped_test_is_told(path: str, line: str) -> None:
    assert _found(path, f"first\n{line}\nlast\n") == [(2, "skipped-test", "minor")]


@pytest.mark.parametrize("line", ["it.only('x', () => {", "describe.only('x', () => {", "fit('x', () => {"])
def test_a_test_that_silences_the_others_is_major(line: str) -> None:
    assert _found("a.test.js", f"{line}\n") == [(1, "focused-test", "major")]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/test_a.py", "@pytest.mark.skipif(WINDOWS, reason='x')"),
        ("tests/test_a.py", "@unittest.skipUnless(x, 'y')"),
        ("tests/test_a.py", "skip = 1"),
        ("tests/test_a.py", "# @pytest.mark.skip"),
        ("src/a.py", "@pytest.mark.skip"),
        ("src/a.js", "it.skip('x', () => {"),
        ("a.test.js", "items.only(1)"),
        ("a.test.js", "fitness('x')"),
        ("a.test.js", "it.skipIf(x)('y')"),
    ],
)
def test_a_condition_and_code_that_is_no_test_are_left_alone(path: str, line: str) -> None:
    assert _found(path, f"{line}\n") == []
