"""What one rule says of a dispatch: a ruling, and the reason's name where it says no. Pure."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.rules.reasons import Reason


@dataclass(frozen=True, slots=True)
class Answer:
    ruling: Ruling
    reason: Reason | None = None


def yes(rule: str, says: str) -> Answer:
    return Answer(Ruling(rule, State.SATISFIED, says))


def no(rule: str, reason: Reason, says: str) -> Answer:
    return Answer(Ruling(rule, State.VIOLATED, says), reason)


def not_yet(rule: str, says: str) -> Answer:
    return Answer(Ruling(rule, State.PENDING, says))


def listed(
    rule: str, name: str, globs: tuple[str, ...], reason: Reason, setting: str, *, exact: bool = False
) -> Answer:
    """Whether the operator's list allows a name; an empty one allows all. Names of repositories may be written in
    small letters or capital ones; those of files (`exact`) may not."""
    if not globs:
        return yes(rule, "The operator limits nothing here.")
    found = name if exact else name.casefold()
    if any(fnmatchcase(found, glob if exact else glob.casefold()) for glob in globs):
        return yes(rule, f"{name} is on the operator's list.")
    return no(rule, reason, f"{name} is not on the operator's list, {setting}.")


def joined(rule: str, answers: tuple[Answer, ...], good: str) -> Answer:
    """What rules in a row say together: the first no, else the first that cannot be said yet, else `good`."""
    parts = tuple(answer.ruling for answer in answers)
    for answer in answers:
        if answer.reason:
            return Answer(Ruling(rule, State.VIOLATED, answer.ruling.reason, parts=parts), answer.reason)
    for answer in answers:
        if answer.ruling.state is State.PENDING:
            return Answer(Ruling(rule, State.PENDING, answer.ruling.reason, parts=parts))
    return Answer(Ruling(rule, State.SATISFIED, good, parts=parts))
