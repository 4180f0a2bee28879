"""A sticky comment on an issue or pull request: created once, edited afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class StickyComment(Effect):
    """`body` is Markdown of at most 65,000 characters, without our marker: the adapter adds it."""

    kind: ClassVar[str] = "comment"
    exactness: ClassVar[Exactness] = Exactness.ONCE_BUT_FOR_THE_WINDOW

    number: int
    body: str

    @property
    def power(self) -> Power:
        return Power.SPEAK

    @property
    def permissions(self) -> Mapping[str, str]:
        # Comments on pull requests need either pull_requests or issues; both workers' subjects are pull requests.
        # https://docs.github.com/en/rest/issues/comments
        return {"pull_requests": "write"}

    def describe(self) -> str:
        return f"sticky comment “{self.purpose}” on {self.repo.full_name}#{self.number}"
