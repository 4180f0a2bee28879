"""Paging through lists that are sorted by time: where one page ended is where the next begins. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Last:
    """The last row of the page before, newest first. Rows of one time come by their ids, so that a page that ends among
    them skips none. Without an id: all that are older than `at`."""

    at: float
    id: str = ""
