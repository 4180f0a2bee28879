"""A commit merged into a scratch branch of ours: how it would be on top of others, before anything lands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.effects.ref import SCRATCH
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class MergeInto(Effect):
    """`branch` is a scratch branch (its name begins with `forgehand/`) that must point at `onto`, or must hold the
    head `sha` already. The receipt's id is the commit that it then points at; the landing of one that cannot be merged
    is a CONFLICT. Give each combination a branch of its own: what the ledger knows as done is not done again."""

    kind: ClassVar[str] = "merge into"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    branch: str
    onto: str
    message: str = ""

    def __post_init__(self) -> None:
        if not self.branch.startswith(SCRATCH):
            raise ValueError(f"{self.branch!r} is no scratch branch: its name must begin with {SCRATCH}")

    @property
    def power(self) -> Power:
        return Power.MERGE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write"}

    def describe(self) -> str:
        return f"{self.sha[:7]} merged into {self.branch} at {self.onto[:7]} in {self.repo.full_name}"
