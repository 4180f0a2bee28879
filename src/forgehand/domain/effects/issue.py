"""A sticky issue: opened once, edited afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class StickyIssue(Effect):
    """`body` is Markdown of at most 65,000 characters, without our marker: the adapter adds it. An issue that somebody
    closed is edited and stays closed. The receipt's id is the issue's number."""

    kind: ClassVar[str] = "issue"
    exactness: ClassVar[Exactness] = Exactness.ONCE_BUT_FOR_THE_WINDOW

    title: str
    body: str

    @property
    def power(self) -> Power:
        return Power.SPEAK

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"issues": "write"}

    def describe(self) -> str:
        return f"sticky issue “{self.title}” in {self.repo.full_name}"
