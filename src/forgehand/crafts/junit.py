"""Reading JUnit XML that hostile code may have written. Used by `suite_runs`.

defusedxml refuses document types and entities, and with them every way to grow or to reach out; a bound on size comes
with what the sandbox brings back. junitparser was looked at: it reads with the plain parser, and the few elements that
matter here are soon walked. https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Collection, Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from forgehand.crafts.findings import shorten
from forgehand.crafts.suites import Case, Outcome

MOST_CASES = 50_000
_MAX_NAME, _MAX_MESSAGE = 300, 2_000
_PLACE = re.compile(r"(?:^|[\s(\"'])((?:/|\./)?[\w@+.-]+(?:/[\w@+.-]+)*):(\d{1,7})\b", re.MULTILINE)
_BAD = ("failure", "error")


class Unreadable(ValueError):
    """A report that is none; the message says why."""


def read_junit(report: bytes, paths: Collection[str], room: str = "") -> tuple[Case, ...]:
    """The cases of a report. Only places in the tree's own `paths` are believed; `room` is where the tree stood.
    Raises Unreadable."""
    try:
        root = defusedxml.ElementTree.fromstring(report, forbid_dtd=True)
    except DefusedXmlException as refused:
        raise Unreadable(f"it defines a document type or entities ({type(refused).__name__})") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise Unreadable(f"it is no XML: {error}") from None
    cases: list[Case] = []
    for element in _cases(root):
        if len(cases) >= MOST_CASES:
            raise Unreadable(f"it has more than {MOST_CASES:,} tests")
        cases.append(_case(element, paths, room))
    return tuple(cases)


def _cases(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) == "testcase")


def _case(element: Element, paths: Collection[str], room: str) -> Case:
    prefix = element.get("classname") or ""
    name = shorten("::".join(part for part in (prefix, element.get("name") or "?") if part), _MAX_NAME)
    bad = next((child for child in element if _tag(child) in _BAD), None)
    if bad is None:
        skipped = any(_tag(child) == "skipped" for child in element)
        return Case(name, Outcome.SKIPPED if skipped else Outcome.PASSED)
    details = "\n".join(part for part in (bad.get("message"), bad.text) if part)
    path, line = _place(element, bad.text or details, paths, room)
    return Case(name, Outcome.FAILED, shorten(bad.get("message") or details.strip(), _MAX_MESSAGE), path, line)


def _place(element: Element, text: str, paths: Collection[str], room: str) -> tuple[str, int]:
    """Where it failed: the last line that the text names in the test's own file, else the first in any of the tree's,
    else where the test is defined."""
    own = relative(element.get("file") or "", room)
    named = [(relative(path, room), int(line)) for path, line in _PLACE.findall(text[-100_000:])]
    there = [(path, line) for path, line in named if path in paths and line > 0]
    in_own = [place for place in there if place[0] == own]
    if in_own or there:
        return in_own[-1] if in_own else there[0]
    line = element.get("line") or ""
    # pytest counts from 0.
    return (
        (own, int(line) + 1)
        if own in paths and line.isdecimal() and len(line) < 8
        else (own if own in paths else "", 0)
    )


def relative(path: str, room: str) -> str:
    """A path as the tree names it."""
    path = path.removeprefix(f"{room}/") if room else path
    return path.removeprefix("./")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
