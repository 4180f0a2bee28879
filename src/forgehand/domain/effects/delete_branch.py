"""The branch of a merged pull request, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class DeleteBranch(Effect):
    """`branch` is the head of pull request `number`, which must have been merged at `sha`, and it must still point
    there. GitHub deletes without comparing: a push in the moment between the last look and the wire is lost with it."""

    kind: ClassVar[str] = "delete branch"
    exactness: ClassVar[Exactness] = Exactness.ONCE_BUT_FOR_THE_WINDOW

    number: int
    branch: str

    @property
    def power(self) -> Power:
        return Power.MERGE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"contents": "write", "pull_requests": "read"}

    def describe(self) -> str:
        return f"deletion of {self.branch} at {self.sha[:7]} in {self.repo.full_name}, merged by #{self.number}"
