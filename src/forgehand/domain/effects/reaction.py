"""A reaction to a comment: the smallest answer, that it was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power

Emoji = Literal["+1", "-1", "confused", "eyes", "hooray", "rocket"]


@dataclass(frozen=True, kw_only=True)
class Reaction(Effect):
    """`comment` is the id of a comment in a pull request's conversation; let `purpose` name it, too. Another `emoji`
    is added beside the first. GitHub keeps one of each account and emoji, so that a second send changes nothing."""

    kind: ClassVar[str] = "reaction"
    exactness: ClassVar[Exactness] = Exactness.EXACT

    comment: int
    emoji: Emoji

    @property
    def power(self) -> Power:
        return Power.SPEAK

    @property
    def permissions(self) -> Mapping[str, str]:
        # https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
        return {"pull_requests": "write"}

    def describe(self) -> str:
        return f"reaction {self.emoji} to comment {self.comment} in {self.repo.full_name}"
