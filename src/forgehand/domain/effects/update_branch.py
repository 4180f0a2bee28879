"""A pull request's branch brought up to date: its base is merged into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class UpdateBranch(Effect):
    """`sha` is the head that must still be the head, and that lacks commits of the base. GitHub does it after its
    answer: the new head comes with an event of its own."""

    kind: ClassVar[str] = "update branch"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    number: int

    @property
    def power(self) -> Power:
        return Power.MERGE

    @property
    def permissions(self) -> Mapping[str, str]:
        # An App must also be able to write the contents of the head's repository.
        # https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch
        return {"contents": "write", "pull_requests": "write"}

    def describe(self) -> str:
        return f"update of {self.repo.full_name}#{self.number} at {self.sha[:7]} from its base"
