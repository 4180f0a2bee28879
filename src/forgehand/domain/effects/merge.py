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
    """`sha` is the head that must still be the head: GitHub answers 409 where it is not."""

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
