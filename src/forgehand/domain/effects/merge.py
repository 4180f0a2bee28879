"""A merge of a pull request at exactly the head that was judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


class MergeMethod(StrEnum):
    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, kw_only=True)
class Merge(Effect):
    """`sha` is the head that must still be the head; where it is not, the landing is a CONFLICT. The receipt's id is
    the commit that landed on the base. A pull request that is found merged at `sha` counts as done: it may have been
    someone else who merged it, by another method."""

    kind: ClassVar[str] = "merge"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    number: int
    method: MergeMethod = MergeMethod.SQUASH

    @property
    def power(self) -> Power:
        return Power.MERGE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write", "pull_requests": "read"}

    def describe(self) -> str:
        return f"{self.method} merge of {self.repo.full_name}#{self.number} at {self.sha[:7]}"
