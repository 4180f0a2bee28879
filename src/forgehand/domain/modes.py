"""What a worker may do: its mode, and the powers that a mode grants. Read by the gate, which enforces it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Mode(StrEnum):
    COMMENT_ONLY = "comment-only"
    APPLY = "apply"


class Power(StrEnum):
    """What an effect needs to be allowed to do. Each effect kind names one."""

    SPEAK = "speak"
    """Say something: comment, COMMENT review, check run, reaction."""
    JUDGE = "judge"
    """Approve or request changes."""
    MERGE = "merge"
    PUSH = "push"
    """Write commits, branches or tags."""
    DISPATCH = "dispatch"
    """Start a workflow."""
    OPERATE = "operate"
    """Act on our own App, such as asking GitHub to redeliver."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The powers of one job."""

    mode: Mode = Mode.COMMENT_ONLY
    allow_push: bool = False
    operate: bool = False
    dispatch: bool = False
    """Whatever the mode: what may be started, both repositories say in a file of their own."""

    def allows(self, power: Power) -> bool:
        match power:
            case Power.SPEAK:
                return True
            case Power.JUDGE | Power.MERGE:
                return self.mode is Mode.APPLY
            case Power.PUSH:
                return self.mode is Mode.APPLY and self.allow_push
            case Power.OPERATE:
                return self.operate
            case Power.DISPATCH:
                return self.dispatch

    @property
    def says(self) -> str:
        """What a job may do, for people: `comment, approve and merge`."""
        may = [words for power, words in _WORDS.items() if self.allows(power)]
        return f"{', '.join(may[:-1])} and {may[-1]}" if may[1:] else f"only {may[0]}"

    def within(self, most: Mode) -> "Grant":
        """This, but for what the operator's mode does not allow."""
        return self if most is Mode.APPLY else replace(self, mode=Mode.COMMENT_ONLY, allow_push=False)


_WORDS = {
    Power.SPEAK: "comment",
    Power.JUDGE: "approve",
    Power.MERGE: "merge",
    Power.PUSH: "push",
    Power.DISPATCH: "start workflows",
    Power.OPERATE: "have GitHub send deliveries again",
}

COMMENT_ONLY = Grant()
APPLY = Grant(Mode.APPLY)
"""For workers that judge and merge; the operator's mode narrows it."""

Grants = Mapping[tuple[str, str], Grant]
"""What jobs may do, by their type and worker: what is not among them speaks."""
