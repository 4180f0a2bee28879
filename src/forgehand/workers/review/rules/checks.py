"""Whether a commit is tested: by the checks that its branch requires, or by our own run and those that reported.

Used for the head of a pull request (`whole`) and for the combinations of the merge queue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from forgehand.domain.checks import CheckState
from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.rulings import Ruling, State, first
from forgehand.domain.tested import Tested
from forgehand.ports.checks import Check, RequiredCheck

DECISION = "Forgehand review"
"""The check run that says what is decided here: never a reason for the decision, whoever requires it."""
OWN_TESTS = "Forgehand tests"
"""The check run of the testing worker."""
_PASSING = (Conclusion.SUCCESS, Conclusion.NEUTRAL)


def as_tested(checks: Sequence[Check], tested: Tested | None, base: str) -> tuple[Check, ...]:
    """The checks, but our own run says what was said for this very subject and base: GitHub shows the last one of its
    name, which another pull request with the same head may have made, or this one while it went into another branch.
    Without a word for this base there is none."""
    others = tuple(check for check in checks if not _is_own(check))
    if tested is None or tested.base != base:
        return others
    shown = next((check for check in checks if _is_own(check)), Check(OWN_TESTS, 0, CheckState.PENDING, "", ours=True))
    state = CheckState.PASSED if tested.conclusion in _PASSING else CheckState.FAILED
    return (*others, replace(shown, state=state, told=tested.conclusion, title=tested.title))


def checked(
    sha: str, checks: Sequence[Check], required: Sequence[RequiredCheck], *, asked: bool, until: str = ""
) -> Ruling:
    """Required checks alone count where there are any; else every check and status that reported, once the testing
    worker's own run is among them. An own run that found nothing to run is no test, required or not. `asked`: whether
    policy wants a commit tested by that run; `until`: why it begins later only, where it does."""
    known = [check for check in checks if check.name != DECISION]
    if wanted := _wanted(required):
        met = _joined([_required(each, known, sha) for each in wanted])
        counted = [check for check in known if any(_meets(check, each) for each in wanted)]
        return _nothing_ran(counted) or met if met.state is State.SATISFIED else met
    if asked and not any(_is_own(check) for check in known):
        # Whoever reports first, as a check of signatures does, must not pass for tests that have yet to begin.
        return _joined([_not_run(known, sha, until), *map(_reported, known)])
    return _unrequired(known)


def needs_own_run(checks: Sequence[Check], required: Sequence[RequiredCheck], *, asked: bool) -> bool:
    """Whether the testing worker has to run, where nothing makes it do so by itself."""
    wanted = {each.name for each in _wanted(required)}
    return not any(map(_is_own, checks)) and (OWN_TESTS in wanted or (asked and not wanted))


def _wanted(required: Sequence[RequiredCheck]) -> list[RequiredCheck]:
    return [each for each in required if each.name != DECISION]


def _required(wanted: RequiredCheck, checks: Iterable[Check], sha: str) -> Ruling:
    """A requirement that names an app is met by that app alone; of several apps with one name the worst counts."""
    mine = [each for each in checks if _meets(each, wanted)]
    if not mine:
        return Ruling(
            wanted.name, State.PENDING, f"The required check {wanted.name} has not reported on {sha[:7]} yet."
        )
    return _joined([_reported(check) for check in mine], wanted.name)


def _meets(check: Check, wanted: RequiredCheck) -> bool:
    return check.name == wanted.name and wanted.app in (0, check.app)


def _reported(check: Check) -> Ruling:
    told = f" ({check.told})" if check.told else ""
    match check.state:
        case CheckState.PASSED:
            return Ruling(check.name, State.SATISFIED, f"{check.name} passed{told}.")
        case CheckState.PENDING:
            return Ruling(check.name, State.PENDING, f"{check.name} has not finished yet{told}.")
        case CheckState.FAILED:
            # Ours says in its title what to do; others' may say anything.
            said = f": {check.title.rstrip('.')}" if check.ours and check.title else ""
            return Ruling(check.name, State.VIOLATED, f"{check.name} failed{told}{said}.")


def _not_run(checks: Sequence[Check], sha: str, until: str) -> Ruling:
    others = "" if checks else f"No check has reported on {sha[:7]}, and "
    own = "our own tests have not run yet" if others else f"Our own tests have not run on {sha[:7]} yet"
    return Ruling(OWN_TESTS, State.PENDING, f"{others}{own}{until and f': {until}'}.")


def _unrequired(checks: Sequence[Check]) -> Ruling:
    """GitHub takes neutral and skipped checks for passed ones. Where none is required, at least one must really have
    succeeded; that our own run found nothing to run is neither for nor against it."""
    counted = [check for check in checks if not _found_nothing(check)]
    if any(check.told == "success" or check.state is not CheckState.PASSED for check in counted):
        return _joined([_reported(check) for check in counted])
    if nothing := _nothing_ran(checks):
        return nothing
    if counted:
        return Ruling("tests", State.NOT_APPLICABLE, "Nothing was tested: every check was skipped or neutral.")
    return Ruling("tests", State.NOT_APPLICABLE, "The policy asks for no tests, and no check reported.")


def _nothing_ran(checks: Sequence[Check]) -> Ruling | None:
    """That our own run found nothing to run, where none of these, which have all passed, was a test. Others that skip
    what a change does not touch pass without us, as GitHub takes them."""
    own = next(filter(_found_nothing, checks), None)
    if own is None or any(check.told == "success" for check in checks):
        return None
    only = " The other checks were skipped or neutral." if checks[1:] else ""
    return Ruling("tests", State.NOT_APPLICABLE, f"Nothing was tested: {own.title or own.told}.{only}")


def _found_nothing(check: Check) -> bool:
    return _is_own(check) and check.told == "neutral"


def _is_own(check: Check) -> bool:
    return check.ours and check.name == OWN_TESTS


def _joined(parts: Sequence[Ruling], rule: str = "tests") -> Ruling:
    parts = sorted(parts, key=lambda part: part.rule)
    if len(parts) == 1:
        return Ruling(rule, parts[0].state, parts[0].reason, parts[0].costs)
    worst = first(parts, State.VIOLATED) or first(parts, State.PENDING)
    if worst is None:
        return Ruling(rule, State.SATISFIED, f"All {len(parts)} checks passed.", parts=tuple(parts))
    others = sum(part.state is worst.state for part in parts) - 1
    more = f" {others} more {'is' if others == 1 else 'are'} like it." if others else ""
    return Ruling(rule, worst.state, worst.reason + more, worst.costs, tuple(parts))
