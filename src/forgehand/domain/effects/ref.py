"""A branch or tag made to point at a commit: created, or moved forward from a known commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class UpdateRef(Effect):
    """`ref` is full (`refs/heads/topic`), `to` the commit. `expected` is the commit it must point at before, or empty
    where the ref must not exist yet. Moves are never forced."""

    kind: ClassVar[str] = "ref"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    ref: str
    to: str
    expected: str = ""

    @property
    def power(self) -> Power:
        return Power.PUSH

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write"}

    def describe(self) -> str:
        return f"{self.ref} → {self.to[:7]} in {self.repo.full_name}"
