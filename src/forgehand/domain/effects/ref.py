"""A branch or tag made to point at a commit: created, or moved forward from a known commit. Scratch branches of ours
may also be put elsewhere, or removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power

SCRATCH = "forgehand/"
"""How the names of branches begin that are ours alone, made to test what would be merged."""


@dataclass(frozen=True, kw_only=True)
class UpdateRef(Effect):
    """`ref` is full (`refs/heads/topic`), `to` the commit; an empty `to` deletes, which only a scratch branch lets
    happen to itself. `expected` is the commit it must point at before, or empty where the ref must not exist yet. Moves
    are forced for scratch branches only: nobody else writes them, and one job at a time holds their key."""

    kind: ClassVar[str] = "ref"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    ref: str
    to: str
    expected: str = ""

    def __post_init__(self) -> None:
        if not self.to and not self.scratch:
            raise ValueError(f"{self.ref} is no scratch branch and is not deleted")

    @property
    def scratch(self) -> bool:
        return self.ref.startswith(f"refs/heads/{SCRATCH}")

    @property
    def power(self) -> Power:
        return Power.MERGE if self.scratch else Power.PUSH

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write"}

    def describe(self) -> str:
        return f"{self.ref} → {self.to[:7] or 'deleted'} in {self.repo.full_name}"
