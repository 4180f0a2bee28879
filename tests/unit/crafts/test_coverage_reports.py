"""Coverage reports of honest tools, and numbers that cannot be."""

import json

import pytest

from forgehand.crafts.coverage_reports import joined, read_coverage
from forgehand.crafts.junit import Unreadable
from forgehand.crafts.suites import Changed, Coverage, changed_lines

PATHS = {"shop/cart.py", "src/a.js"}
CART = Coverage({"shop/cart.py": frozenset({1, 2})}, {"shop/cart.py": frozenset({5})})


COBERTURA = b"""<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://example.org/coverage-04.dtd">
<coverage><packages><package><classes><class filename="shop/cart.py"><lines>
<line number="1" hits="3"/><line number="2" hits="1"/><line number="5" hits="0"/>
</lines></class></classes></package></packages></coverage>"""


def as_json(files: object) -> bytes:
    return json.dumps({"files": files}).encode()


@pytest.mark.parametrize(
    "report",
    [
        as_json({"/box/tree/shop/cart.py": {"executed_lines": [1, 2], "missing_lines": [5]}}),
        COBERTURA,
        b"TN:\nSF:./shop/cart.py\nDA:1,3\nDA:2,1\nDA:5,0\nend_of_record\n",
    ],
    ids=["json", "cobertura", "lcov"],
)
def test_three_formats_say_the_same(report: bytes) -> None:
    coverage = read_coverage(report, PATHS, "/box/tree")
    assert coverage == CART
    assert coverage.percent == 66.67


@pytest.mark.parametrize(
    "files",
    [
        {"shop/cart.py": {"executed_lines": [10**30, -1, 0, True, "7", 1.5, None], "missing_lines": [10**9]}},
        {"/etc/passwd": {"executed_lines": [1], "missing_lines": []}},
        {"../shop/cart.py": {"executed_lines": [1], "missing_lines": []}},
    ],
)
def test_absurd_numbers_and_foreign_files_count_for_nothing(files: object) -> None:
    coverage = read_coverage(as_json(files), PATHS)
    assert coverage == Coverage()
    assert coverage.percent is None


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"[]",
        b"{",
        b'{"files": 7}',
        b'{"files": {"shop/cart.py": {"executed_lines": 7, "missing_lines": []}}}',
        b'{"files": {"shop/cart.py": []}}',
        b"{" * 100_000,
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><coverage>&e;</coverage>',
        b"<coverage>",
    ],
)
def test_what_is_none_is_refused(report: bytes) -> None:
    with pytest.raises(Unreadable):
        read_coverage(report, PATHS)


def test_a_line_that_any_report_covers_is_covered() -> None:
    other = Coverage({"shop/cart.py": frozenset({5})}, {"shop/cart.py": frozenset({1, 9})})
    both = joined([CART, other])
    assert both == Coverage({"shop/cart.py": frozenset({1, 2, 5})}, {"shop/cart.py": frozenset({9})})
    assert joined([]) is None


def test_only_changed_lines_that_can_be_reached_count() -> None:
    changed = changed_lines(CART, {"shop/cart.py": range(2, 9), "README.md": range(1, 99)})
    assert changed == Changed(1, {"shop/cart.py": (5,)})
    assert changed.percent == 50.0


def test_of_a_file_whose_added_lines_nobody_knows_nothing_counts_and_it_is_named() -> None:
    changed = changed_lines(CART, {"shop/cart.py": None, "README.md": None})
    assert changed == Changed(0, {}, unknown=("shop/cart.py",))
    assert changed.percent is None
