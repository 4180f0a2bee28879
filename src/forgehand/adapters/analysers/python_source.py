"""Python that ruff does not see as it runs. Used by `ruff`."""

import re

from forgehand.adapters.analysers.line_breaks import OTHER_LINES, RETURNS

_HARMLESS = frozenset(
    {
        *("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso8859-1"),
        *("iso-8859-15", "latin-9", "cp1252", "windows-1252"),
    }
)
"""Encodings in which a byte of ASCII is that character, whatever stands before it."""
_FIRST_LINES = re.compile(rb"[^\n]*\n?[^\n]*")
_ENCODING = re.compile(rb"^[\xef\xbb\xbf \t\f]*#.*?coding[:=][ \t]*([\w.-]+)", re.MULTILINE | re.ASCII)
_SHOWN = 40


def why_unseen(content: bytes) -> str:
    """Why what ruff says of it would be about something else; empty where it is not.
    https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations"""
    if RETURNS.search(content):
        return OTHER_LINES
    for declared in _ENCODING.findall(_first_lines(content)):
        encoding = declared.decode("ascii")
        if encoding.lower().replace("_", "-") not in _HARMLESS:
            return f"it declares the encoding {encoding[:_SHOWN]}, in which it may say something else than it shows"
    return ""


def _first_lines(content: bytes) -> bytes:
    found = _FIRST_LINES.match(content)
    return found[0] if found else b""
