"""Paging by `?before=`, the last row of the page before: its time, and its id where others may share that time. Used by
pages and `api`.
"""

import re
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from forgehand.domain.paging import Last

_BEFORE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(?:~([A-Za-z0-9._:@/-]{1,200}))?")


def before(request: Request) -> Last | None:
    value = request.query_params.get("before")
    if value is None:
        return None
    found = _BEFORE.fullmatch(value)
    if found is None:
        raise HTTPException(400, "before= is a time in epoch seconds, or what a page gave as its end.")
    return Last(float(found[1]), found[2] or "")


def written(last: Last) -> str:
    """What `before` reads. Where an id is none that it would read, the time alone."""
    text = f"{last.at}~{last.id}"
    return text if _BEFORE.fullmatch(text) else str(last.at)


def older(request: Request, last: Last | None) -> str:
    """The query of the page after this one, with the same filters; empty where there is none."""
    if last is None:
        return ""
    return urlencode({**request.query_params, "before": written(last)}, safe="~:@/")
