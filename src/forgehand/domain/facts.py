"""Facts: what happened, once, for ever. Written inside a `Change`; read by pages and, folded, by projections."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """An append-only record. `id` makes a repeated fact change nothing; `at` is epoch seconds; `data` is small JSON."""

    id: str
    kind: str
    at: float
    delivery: str | None = None
    job: str | None = None
    repository_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Trail(StrEnum):
    """What an audit lists."""

    PEOPLE = "people"
    """What people asked for: facts `admin.*`."""
    WRITES = "writes"
    """What came of everything that was to be written to the world."""


_WRITTEN = frozenset({"effect.done", "effect.unknown", "effect.rejected", "effect.refused"})


def trail_of(kind: str) -> Trail | None:
    """Which audit a fact of this kind belongs to."""
    if kind.startswith("admin."):
        return Trail.PEOPLE
    return Trail.WRITES if kind in _WRITTEN else None


def fact_id(*parts: object, near: str = "") -> str:
    """A name that the same happening always gets: 32 hex digits over its parts; see `name_of`."""
    return name_of(*parts, near=near)


def name_of(*parts: object, near: str = "") -> str:
    """32 hex digits, the same every time for the same parts. The first eight are those of `near`, a delivery's GUID or
    another such name, so that what belongs together looks like it and lies together in every index: GitHub's GUIDs grow
    with time, and a random place for each row costs a page of the index for each.
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
    start = near[:8]
    return start + digest[:24] if _EIGHT_DIGITS.fullmatch(start) else digest[:32]


_EIGHT_DIGITS = re.compile("[0-9a-f]{8}")
