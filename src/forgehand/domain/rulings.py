"""Rulings: what a named rule said of something, and why. A verdict is a tree of them.

The check run, the sticky comment, the page and the command line all read the same tree, so that none can tell
another story. Made by every worker's rules and by policy; pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forgehand.domain.effects.check_run import Conclusion


class State(StrEnum):
    SATISFIED = "satisfied"
    VIOLATED = "violated"
    PENDING = "not yet"
    """Nobody can say yet: a check that still runs, a mergeability that GitHub has not worked out."""
    NOT_APPLICABLE = "not applicable"
    SWITCHED_OFF = "switched off"
    """Nobody wants it done here, so that nothing was violated. It stands in the way all the same."""


FORBIDDING = (State.VIOLATED, State.SWITCHED_OFF)
"""What stands in the way and does not pass with time."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's answer. `reason` is a sentence that a person can act on. `costs` is what a check concludes when the
    rule is violated. `parts` are the rulings that it was made of."""

    rule: str
    state: State
    reason: str
    costs: Conclusion = Conclusion.FAILURE
    parts: tuple["Ruling", ...] = ()


def first(rulings: Iterable[Ruling], *states: State) -> Ruling | None:
    """The first that is in one of `states`: rules stand in the order in which a person would ask."""
    return next((ruling for ruling in rulings if ruling.state in states), None)


def reasons(rulings: Iterable[Ruling]) -> str:
    """What each of them says, in one sentence: `secrets: 1 secret; static review: 1 major finding.`"""
    said = [f"{ruling.rule}: {ruling.reason}" for ruling in rulings]
    return "; ".join([*(each.rstrip(".") for each in said[:-1]), *said[-1:]])


def to_json(ruling: Ruling) -> dict[str, Any]:
    """A ruling as small JSON, for the store and for `--json`."""
    told: dict[str, Any] = {"rule": ruling.rule, "state": str(ruling.state), "reason": ruling.reason}
    if ruling.state in FORBIDDING:
        told["costs"] = str(ruling.costs)
    if ruling.parts:
        told["parts"] = [to_json(part) for part in ruling.parts]
    return told


def from_json(told: Mapping[str, Any]) -> Ruling:
    """The ruling that `to_json` told. Raises ValueError or LookupError for anything else."""
    return Ruling(
        rule=str(told["rule"]),
        state=State(told["state"]),
        reason=str(told["reason"]),
        costs=Conclusion(told.get("costs", Conclusion.FAILURE)),
        parts=tuple(from_json(part) for part in told.get("parts", ())),
    )
