"""A pull request review with inline comments, pinned to one commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


class ReviewEvent(StrEnum):
    COMMENT = "COMMENT"
    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"


@dataclass(frozen=True, slots=True)
class InlineComment:
    """`line` counts from 1 in the file as `side` shows it and must lie in the diff, else GitHub answers 422."""

    path: str
    line: int
    body: str
    side: Literal["LEFT", "RIGHT"] = "RIGHT"


@dataclass(frozen=True, kw_only=True)
class Review(Effect):
    """`sha` is the commit reviewed (GitHub's `commit_id`); a new head is a new review."""

    kind: ClassVar[str] = "review"
    exactness: ClassVar[Exactness] = Exactness.ONCE_BUT_FOR_THE_WINDOW

    number: int
    event: ReviewEvent
    body: str
    comments: tuple[InlineComment, ...] = ()

    @property
    def power(self) -> Power:
        return Power.SPEAK if self.event is ReviewEvent.COMMENT else Power.JUDGE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"pull_requests": "write"}

    def describe(self) -> str:
        number = len(self.comments)
        inline = f"{number} inline comment{'' if number == 1 else 's'}"
        return f"{_SAYS[self.event]} of {self.repo.full_name}#{self.number} with {inline}"


_SAYS = {
    ReviewEvent.COMMENT: "comment-only review",
    ReviewEvent.APPROVE: "approving review",
    ReviewEvent.REQUEST_CHANGES: "rejecting review",
}
