"""Comments, issues and reviews carry our marker; here it is written, and found again on what our own App wrote.

Used by `effect_comment`, `effect_issue` and `effect_review`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.identity import Self
from forgehand.domain.effects.base import marker, read_marker
from forgehand.ports.effects import Receipt


def marked(body: str, slot: str) -> str:
    """The body as GitHub gets it."""
    return f"{body}\n\n{marker(slot)}" if body else marker(slot)


def carrying(slot: str, things: Iterable[Any], us: Self) -> list[Receipt]:
    """Those of ours with the marker, the oldest (lowest id) first."""
    ours = [each for each in things if us.wrote(each) and read_marker(each.get("body")) == slot]
    return [receipt(each) for each in sorted(ours, key=lambda each: int(each["id"]))]


def receipt(thing: Any) -> Receipt:
    return parsed("comment or review", lambda data: Receipt(str(int(data["id"])), str(data["html_url"])), thing)


def oldest(found: Sequence[Receipt]) -> Receipt | None:
    """The lowest id, with the others as its surplus."""
    if not found:
        return None
    first, *rest = sorted(found, key=lambda each: int(each.remote_id))
    return Receipt(first.remote_id, first.url, tuple(each.remote_id for each in rest))


def first_of(made: Receipt, listed: Sequence[Receipt]) -> Receipt:
    """The oldest of what was just made and of what is listed: the list may be behind, so that what was made, and the
    surplus known before, need not be in it."""
    known = {each.remote_id: each for each in [made, *listed]}
    for surplus in made.surplus:
        known.setdefault(surplus, Receipt(surplus))
    return oldest(list(known.values())) or made
