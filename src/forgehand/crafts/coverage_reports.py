"""Reading coverage that hostile code may have written: coverage.py's JSON, Cobertura's XML, lcov. Used by `suite_runs`.

A number that is no line of a file, and a file that is not in the tree, count for nothing.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from forgehand.crafts.junit import Unreadable, relative
from forgehand.crafts.suites import Coverage

MOST_LINES = 2_000_000
_LAST_LINE = 10_000_000
_Hit = tuple[str, int, bool]


def read_coverage(report: bytes, paths: Collection[str], room: str = "") -> Coverage:
    """Raises Unreadable for what is none of the three."""
    start = report.lstrip()[:1]
    if start == b"{":
        return _gathered(_from_json(report), paths, room)
    if start == b"<":
        return _gathered(_from_xml(report), paths, room)
    if b"SF:" in report:
        return _gathered(_from_lcov(report), paths, room)
    raise Unreadable("it is no coverage.py JSON, Cobertura XML or lcov")


def joined(reports: Iterable[Coverage]) -> Coverage | None:
    """Several reports as one: a line that any of them covers is covered."""
    given = list(reports)
    if not given:
        return None
    covered: dict[str, frozenset[int]] = defaultdict(frozenset)
    missed: dict[str, frozenset[int]] = defaultdict(frozenset)
    for report in given:
        for path, lines in report.covered.items():
            covered[path] |= lines
        for path, lines in report.missed.items():
            missed[path] |= lines
    return Coverage(dict(covered), {path: lines - covered.get(path, frozenset()) for path, lines in missed.items()})


def _gathered(hits: Iterator[_Hit], paths: Collection[str], room: str) -> Coverage:
    covered: dict[str, set[int]] = defaultdict(set)
    missed: dict[str, set[int]] = defaultdict(set)
    try:
        for number, (path, line, hit) in enumerate(hits):
            if number >= MOST_LINES:
                raise Unreadable(f"it has more than {MOST_LINES:,} lines")
            name = relative(path, room)
            if name in paths and 0 < line < _LAST_LINE:
                (covered if hit else missed)[name].add(line)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable(f"it makes no sense: {error}") from None
    return Coverage(
        {path: frozenset(lines) for path, lines in covered.items()},
        {path: frozenset(lines - covered.get(path, set())) for path, lines in missed.items()},
    )


def _from_json(report: bytes) -> Iterator[_Hit]:
    """https://coverage.readthedocs.io/en/latest/commands/cmd_json.html"""
    for path, about in json.loads(report)["files"].items():
        for key, hit in (("executed_lines", True), ("missing_lines", False)):
            yield from ((path, line, hit) for line in about[key] if _is_number(line))


def _from_xml(report: bytes) -> Iterator[_Hit]:
    try:
        root = defusedxml.ElementTree.fromstring(report, forbid_dtd=False)
    except DefusedXmlException as refused:
        raise Unreadable(f"it defines entities ({type(refused).__name__})") from None
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"it is no XML: {error}") from None
    for element in root.iter("class"):
        for line in element.iter("line"):
            yield element.get("filename") or "", _number(line.get("number")), _number(line.get("hits")) > 0


def _from_lcov(report: bytes) -> Iterator[_Hit]:
    path = ""
    for row in report.decode("utf-8", "replace").splitlines():
        kind, _, value = row.partition(":")
        if kind == "SF":
            path = value.strip()
        elif kind == "DA":
            line, _, hits = value.partition(",")
            yield path, _number(line), _number(hits.partition(",")[0]) > 0


def _number(text: str | None) -> int:
    """A count of reasonable size; what is none counts as 0."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
