"""Telling test files and their tests."""

import pytest

from forgehand.adapters.analysers.rules.test_files import is_test_file, names_of_tests


@pytest.mark.parametrize(
    "path",
    [
        *("test_a.py", "x/a_test.py", "conftest.py", "a.test.ts", "a.spec.jsx", "__tests__/a.js", "a_test.go"),
        *("a_spec.rb", "ATest.java", "BTests.cs", "x.bats"),
    ],
)
def test_a_test_file_is_known_by_its_name(path: str) -> None:
    assert is_test_file(path)


@pytest.mark.parametrize("path", ["contest.py", "testing.py", "tests/helpers.py", "latest.js", "a.ts", "Attest.java"])
def test_others_are_not(path: str) -> None:
    assert not is_test_file(path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "def test_a():\n    pass\nasync def test_b(x): ...\nclass T:\n    def test_c(self): ...\n",
            ["test_a", "test_b", "test_c"],
        ),
        ("it('does', () => {});\ntest.each([1])(\"x\", f);\ntest(`other`, f)\n", ["does", "other"]),
        ("func TestA(t *testing.T) {}\nfunc helper() {}\n", ["TestA"]),
        ("@Test\n  void adds() {}\n", ["adds"]),
        ('@test "it runs" {\n', ["it runs"]),
        ("# def test_old():\nx = 'def test_y():'\n", []),
    ],
)
def test_tests_are_known_by_their_definition(text: str, names: list[str]) -> None:
    assert list(names_of_tests(text.encode())) == names
