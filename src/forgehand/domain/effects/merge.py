"""A merge of a pull request at exactly the head that was judged, into the branch that was judged."""

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
    """`sha` must still be its head and `base` the branch it goes into; else the landing is a CONFLICT. GitHub compares
    the head when it merges. It takes no base to compare, so that this is read just before: what is given another in
    between is still merged there. The receipt's id is the commit that landed on the base. A pull request that is found
    merged at `sha` counts as done: it may have been someone else who merged it, by another method."""

    kind: ClassVar[str] = "merge"
    exactness: ClassVar[Exactness] = Exactness.EXACT
    not_content: ClassVar[frozenset[str]] = frozenset({"base"})

    number: int
    base: str
    method: MergeMethod = MergeMethod.SQUASH

    @property
    def power(self) -> Power:
        return Power.MERGE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write", "pull_requests": "read"}

    def describe(self) -> str:
        return f"{self.method} merge of {self.repo.full_name}#{self.number} at {self.sha[:7]}"
