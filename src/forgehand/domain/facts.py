"""Facts: what happened, once, for ever. Written inside a `Change`; read by pages and, folded, by projections."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
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


def fact_id(*parts: object) -> str:
    """A name that the same happening always gets: 32 hex digits over its parts."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]
