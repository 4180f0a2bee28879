"""A review thread marked as resolved: what it asked for was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class ResolveThread(Effect):
    """`thread` is GraphQL's id of the thread; let `purpose` name it, too. Where a branch asks for resolved
    conversations this opens the way to a merge, so it is a judgment."""

    kind: ClassVar[str] = "thread"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    number: int
    thread: str

    @property
    def power(self) -> Power:
        return Power.JUDGE

    @property
    def permissions(self) -> Mapping[str, str]:
        # GitHub wants to see write access to the code before it lets an App resolve: pull_requests alone is answered
        # with “Resource not accessible by integration”. https://github.com/orgs/community/discussions/44650
        return {"contents": "write", "pull_requests": "write"}

    def describe(self) -> str:
        return f"resolved thread on {self.repo.full_name}#{self.number}"
