"""Left over from debugging."""

import pytest

from forgehand.adapters.analysers.rules.debugging import debugging


def _lines(path: str, text: str) -> list[int]:
    return [finding.line for finding in debugging(path, text.encode())]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", 'print("here")'),
        ("a.py", '    print("DEBUG: x", x)'),
        ("a.py", "print('=====')"),
        ("a.py", 'print(f"{total=}")'),
        ("a.py", 'print(f">>> {x}")'),
        ("a.py", "import pdb; pdb.set_trace()"),
        ("a.js", "console.log('here');"),
        ("a.ts", "  console.log(user);"),
        ("a.tsx", "console.log({ user });"),
        ("a.js", "console.trace('xxx')"),
        ("a.rb", "  binding.pry"),
        ("a.php", "var_dump($x);"),
        ("a.rs", "    let y = dbg!(x);"),
    ],
)
def test_what_shouts_or_names_a_variable_is_told(path: str, line: str) -> None:
    assert _lines(path, f"first\n{line}\nlast\n") == [2]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", 'print("Done.")'),
        ("a.py", "print(report)"),
        ("a.py", 'print(f"{count} files", file=sys.stderr)'),
        ("a.py", 'log.debug("here")'),
        ("a.js", "console.log(`Listening on ${port}`);"),
        ("a.js", "console.error(error);"),
        ("a.js", "console.log('usage: x [options]');"),
        ("a.js", "console.log();"),
        ("a.test.js", "console.log(x);"),
        ("tests/test_a.py", 'print("here")'),
        ("a.md", 'print("here")'),
    ],
)
def test_what_a_program_says_to_people_is_left_alone(path: str, line: str) -> None:
    assert _lines(path, f"{line}\n") == []


def test_a_page_of_blanks_or_quotes_takes_no_time() -> None:
    assert _lines("a.py", " " * 300_000 + "print(" + '"' * 300_000) == []
