"""`?before=`: what a link “Older” says, and what is read of it."""

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from forgehand.domain.paging import Last
from forgehand.web.admin.paging import before, older, written


def _asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


@pytest.mark.parametrize(
    "last",
    [
        Last(1_800_000_000.25, "22/7"),
        Last(1.5, "a-b.c:d@e_f"),
        Last(2.5, "acme/api:build+déploy 100%~<b>.yml"),
        Last(2.5, "acme/api:" + "long" * 60),
        Last(3.0),
    ],
)
def test_what_is_written_is_read_again(last: Last) -> None:
    assert before(_asked(older(_asked(""), last))) == last


def test_an_end_is_read_also_by_who_puts_it_into_an_address_as_it_is() -> None:
    end = Last(2.5, "acme/api:build+deploy.yml")
    assert before(_asked(f"before={written(end)}")) == end


def test_filters_stay_and_the_last_page_has_no_next() -> None:
    assert older(_asked("state=ended&before=1.0~1/1"), Last(2.0, "1/2")) == "state=ended&before=2.0~1/2"
    assert older(_asked("state=ended"), None) == ""


@pytest.mark.parametrize("value", ["odd", "1e9", "-1", "1~", "1~a%0Ab", "1" * 20, "1~a%2500"])
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(HTTPException):
        before(_asked(f"before={value}"))
