"""A request to GitHub to send one failed delivery again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


@dataclass(frozen=True, kw_only=True)
class Redelivery(Effect):
    """`hook_delivery` is the id of the attempt to repeat (not its GUID). Doing it twice only costs a duplicate that
    intake drops. Authenticated as the App itself, so `repo` names no repository."""

    kind: ClassVar[str] = "redelivery"
    exactness: ClassVar[Exactness] = Exactness.AT_LEAST_ONCE

    hook_delivery: int
    guid: str

    @property
    def power(self) -> Power:
        return Power.OPERATE

    @property
    def permissions(self) -> Mapping[str, str]:
        return {}

    def describe(self) -> str:
        return f"redelivery of {self.guid}"
