"""Paging by `?before=`, the last row of the page before: its time, and its id where others may share that time. Used by
pages and, with `?limit=`, by the JSON routes.
"""

import re
from urllib.parse import quote, unquote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from forgehand.domain.paging import Last
from forgehand.web.admin.forms import CONTROL
from forgehand.web.admin.openapi import Query

MAX_ROWS = 100
MAX_PAGES = 100

LIMIT = Query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": 25}, "How many rows at most.")
BEFORE = Query("before", {"type": "string"}, "The `last` of the page before this one, or a time in epoch seconds.")
PAGED = (LIMIT, BEFORE)
PAGE = Query("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGES, "default": 1}, "Which page of its facts.")

_BEFORE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(?:~(.{1,4000}))?")


def before(request: Request) -> Last | None:
    value = request.query_params.get("before")
    if value is None:
        return None
    found = _BEFORE.fullmatch(value)
    last = unquote(found[2] or "") if found else ""
    if found is None or CONTROL.search(last):
        raise HTTPException(400, "before= is a time in epoch seconds, or what a page gave as its end.")
    return Last(float(found[1]), last)


def written(last: Last) -> str:
    """What `before` reads. The id is percent-encoded within it, since names of files can hold anything."""
    return f"{last.at}~{quote(last.id, safe='/:@')}" if last.id else str(last.at)


def older(request: Request, last: Last | None) -> str:
    """The query of the page after this one, with the same filters; empty where there is none."""
    if last is None:
        return ""
    return urlencode({**request.query_params, "before": written(last)}, safe="~:@/")


def limit(request: Request) -> int:
    """`?limit=`, 1 to 100; 25 without."""
    return _number(request, "limit", 25, MAX_ROWS)


def page(request: Request) -> int:
    """`?page=`, 1 to 100; 1 without. For what only grows at its end, oldest first."""
    return _number(request, "page", 1, MAX_PAGES)


def _number(request: Request, name: str, default: int, most: int) -> int:
    value = request.query_params.get(name, str(default))
    if not value.isdecimal() or len(value) > 9 or not 1 <= int(value) <= most:
        raise HTTPException(400, f"{name}= is a number from 1 to {most}.")
    return int(value)


def last_of(last: Last | None) -> str | None:
    """What `?before=` takes for what follows this row."""
    return written(last) if last else None
