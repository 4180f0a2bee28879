"""A check run on a commit: the verdict where branch protection can read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


class Conclusion(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, slots=True)
class Annotation:
    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


@dataclass(frozen=True, kw_only=True)
class CheckRun(Effect):
    """A check run named `name` on commit `sha`; `external_id` is the slot. Without a conclusion it is in progress, and
    completed later by an effect of the same slot. Any number of annotations: the adapter sends them 50 at a time,
    GitHub's limit for one request."""

    kind: ClassVar[str] = "check_run"
    exactness: ClassVar[Exactness] = Exactness.ONCE_BUT_FOR_THE_WINDOW

    name: str
    conclusion: Conclusion | None
    title: str
    summary: str
    details_url: str = ""
    annotations: tuple[Annotation, ...] = ()

    @property
    def power(self) -> Power:
        return Power.SPEAK

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"checks": "write"}

    def describe(self) -> str:
        return f"check run “{self.name}” = {self.conclusion or 'in progress'} on {self.repo.full_name}@{self.sha[:7]}"
