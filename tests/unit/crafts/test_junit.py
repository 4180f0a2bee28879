"""JUnit XML of honest tools, and of hostile ones."""

import time

import pytest

from forgehand.crafts.junit import Unreadable, read_junit
from forgehand.crafts.suites import Case, Outcome

PATHS = {"shop/test_cart.py", "shop/cart.py", "src/sum.test.js", "sum_test.go"}
PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="0" failures="1">
<testcase classname="shop.test_cart" name="test_total" file="shop/test_cart.py" line="3" time="0.1" />
<testcase classname="shop.test_cart" name="test_wrong" file="shop/test_cart.py" line="7" time="0.1">
<failure message="assert 3 == 4">def test_wrong():
&gt;       assert total([1, 2]) == 4
E       assert 3 == 4

shop/test_cart.py:9: AssertionError</failure></testcase>
<testcase classname="shop.test_cart" name="test_later" file="shop/test_cart.py"><skipped message="later"/></testcase>
</testsuite></testsuites>"""


def test_each_test_has_its_outcome_and_a_failure_its_line() -> None:
    assert read_junit(PYTEST, PATHS) == (
        Case("shop.test_cart::test_total", Outcome.PASSED),
        Case("shop.test_cart::test_wrong", Outcome.FAILED, "assert 3 == 4", "shop/test_cart.py", 9),
        Case("shop.test_cart::test_later", Outcome.SKIPPED),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "Error: no\n    at Object.add (/box/tree/src/sum.test.js:5:10)\n    at node:internal:3:1",
            ("src/sum.test.js", 5),
        ),
        ("    sum_test.go:12: got 3", ("sum_test.go", 12)),
        ("    ./sum_test.go:12: got 3", ("sum_test.go", 12)),
        ("/etc/passwd:1: root", ("", 0)),
        ("../../secrets.py:1: x", ("", 0)),
        ("nothing at all", ("", 0)),
    ],
)
def test_a_failure_is_placed_where_its_text_says_if_the_tree_has_that_file(text: str, place: tuple[str, int]) -> None:
    report = f'<testsuite><testcase name="t"><failure>{text}</failure></testcase></testsuite>'.encode()
    (case,) = read_junit(report, PATHS, "/box/tree")
    assert (case.path, case.line) == place


def test_without_a_line_in_the_text_it_is_where_the_test_is_defined() -> None:
    report = b'<testsuite><testcase name="t" file="shop/cart.py" line="4"><error message="m"/></testcase></testsuite>'
    (case,) = read_junit(report, PATHS)
    assert (case.path, case.line, case.message) == ("shop/cart.py", 5, "m")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "report",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><testsuite name="&l9;"/>'.encode(),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite name="&e;"/>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><testsuite/>',
        b"<testsuite><testcase",
        b"",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><testsuite/>',
        b"<a>" * 100_000,
    ],
    ids=["laughs", "outside", "type", "cut", "empty", "binary", "encoding", "deep"],
)
def test_a_hostile_report_is_refused_at_once(report: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable):
        read_junit(report, PATHS)
    assert time.monotonic() - started < 20


def test_names_and_messages_are_bounded_and_so_is_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    one = f'<testcase name="{"n" * 5000}"><failure message="{"m" * 50_000}"/></testcase>'
    (case,) = read_junit(f"<testsuite>{one}</testsuite>".encode(), PATHS)
    assert (len(case.name), len(case.message)) == (300, 2000)
    monkeypatch.setattr("forgehand.crafts.junit.MOST_CASES", 3)
    with pytest.raises(Unreadable, match="more than 3 tests"):
        read_junit(f"<testsuite>{one * 4}</testsuite>".encode(), PATHS)
