"""The plan of a run that ended: which targets are started, and why the others are not. Pure; called by `worker`, by
`forgehand dispatch explain`, and, for what is to be read, by `reading`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Dispatching, Outbound, OutboundTarget, Runs, full_name
from forgehand.workers.dispatch.rules.answers import Answer, joined, no
from forgehand.workers.dispatch.rules.facts import Broken, Config, NoFile, Options, Source, Target, Unreadable, Whence
from forgehand.workers.dispatch.rules.reasons import Reason
from forgehand.workers.dispatch.rules.source import guard
from forgehand.workers.dispatch.rules.target import Asked, Verdict, allowlisted, judge_target, not_itself

MOST_TARGETS = 25
"""Of one run."""
MOST_TOLD = 100
"""So many targets are told one by one; those beyond are counted."""
UNASKED = Target(Unreadable("Nobody has asked GitHub yet."), Unreadable("Nobody has asked GitHub yet."))


class Standing(StrEnum):
    """What becomes of a run."""

    NOTHING = "nothing"
    """No file, or no entry for its workflow: no business of ours."""
    DENIED = "denied"
    """It may start nothing at all."""
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Plan:
    """`ruling` is the root of the tree: the entries of the source's file, then the targets. `reason` is why the run may
    start nothing at all. `more` are targets beyond those that are told, all of them too many."""

    source: Source
    standing: Standing
    ruling: Ruling
    reason: Reason | None = None
    targets: tuple[Verdict, ...] = ()
    more: int = 0

    @property
    def allowed(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.targets if each.allowed)


def judge(source: Source, config: Config, targets: Mapping[str, Target], options: Options) -> Plan:
    """The plan: the same facts give the same one. `targets` by the key of what is asked for; what nobody has read is
    not decided yet."""
    match config:
        case Unreadable(why):
            return _unplanned(source, Standing.DENIED, State.PENDING, why)
        case NoFile():
            why = f"{source.repository} has no dispatching.yml on its default branch."
            return _unplanned(source, Standing.NOTHING, State.NOT_APPLICABLE, why)
        case Broken():
            return _denied(source, (_unusable(source, config, options),))
    answers = tuple(answer for _, answer in _entries(source, config, options))
    if not answers:
        why = f"No outbound entry of {source.repository} is about {source.workflow}."
        return _unplanned(source, Standing.NOTHING, State.NOT_APPLICABLE, why)
    if all(answer.reason for answer in answers):
        return _denied(source, answers)
    screened = screen(source, config, options)
    verdicts = tuple(
        Verdict(asked, Ruling(asked.shown, State.VIOLATED, answer.ruling.reason, parts=(answer.ruling,)), answer.reason)
        if answer
        else judge_target(source, asked, targets.get(asked.key, UNASKED), options)
        for asked, answer in screened
    )
    return _planned(source, answers, verdicts)


def hangs_on_whence(source: Source, config: Config, options: Options) -> bool:
    """Whether it matters if the run is of the branch that it names: only then somebody need look."""
    plan = judge(replace(source, whence=Whence.BRANCH), config, {}, options)
    return plan.standing is Standing.PLANNED or plan.reason is Reason.SOURCE_CONFIG_INVALID


def screen(source: Source, config: Dispatching, options: Options) -> tuple[tuple[Asked, Answer | None], ...]:
    """All that the file asks for after this run, in its order, and what already says no to it before anybody looks at
    the other side."""
    screened: list[tuple[Asked, Answer | None]] = []
    seen: set[str] = set()
    room = MOST_TARGETS
    for entry, answer in _entries(source, config, options):
        for each in () if answer.reason else entry.targets:
            asked = _asked(source, each, options)
            refused = _refused(source, asked, options, again=asked.key in seen, room=room)
            seen.add(asked.key)
            room -= refused is None
            screened.append((asked, refused))
    return tuple(screened)


def _entries(source: Source, config: Dispatching, options: Options) -> list[tuple[Outbound, Answer]]:
    """The outbound entries for the workflow that ran, and whether this run counts for each."""
    return [
        (entry, joined(f"{source.workflow} of {source.repository}", guard(source, entry.source, options), "It counts."))
        for entry in config.outbound
        if entry.source.workflow == source.workflow
    ]


def _asked(source: Source, target: OutboundTarget, options: Options) -> Asked:
    repository, ref = full_name(target.repository, source.repo.owner), target.ref or options.default_ref
    named = (repository.casefold(), target.workflow, ref, *(part for pair in sorted(target.inputs) for part in pair))
    key = hashlib.sha256("\x1f".join(named).encode()).hexdigest()[:16]
    return Asked(key, repository, target.workflow, ref, target.inputs, target.window, target.approval)


def _refused(source: Source, asked: Asked, options: Options, *, again: bool, room: int) -> Answer | None:
    if (answer := allowlisted(asked, options)).reason:
        return answer
    if again:
        return no("duplicate", Reason.DUPLICATE_TARGET, "The same target with the same ref and inputs is asked twice.")
    if (answer := not_itself(source, asked)).reason:
        return answer
    if room <= 0:
        return no("number", Reason.MAX_TARGETS_EXCEEDED, f"One run starts at most {MOST_TARGETS} targets.")
    return None


def _unusable(source: Source, config: Broken, options: Options) -> Answer:
    """What an entry would say is not known then; a run that would count by default has to be told."""
    answers = guard(source, Runs(source.workflow), options)
    broken = no("source file", Reason.SOURCE_CONFIG_INVALID, config.problems[0])
    named = f"{source.workflow} of {source.repository}"
    return joined(named, (*answers, *(() if answers[-1].reason else (broken,))), "It counts.")


def _unplanned(source: Source, standing: Standing, state: State, why: str) -> Plan:
    return Plan(source, standing, Ruling("dispatch", state, why))


def _denied(source: Source, answers: tuple[Answer, ...]) -> Plan:
    first = answers[0]
    ruling = Ruling("dispatch", State.VIOLATED, first.ruling.reason, parts=tuple(each.ruling for each in answers))
    return Plan(source, Standing.DENIED, ruling, first.reason)


def _planned(source: Source, answers: tuple[Answer, ...], verdicts: tuple[Verdict, ...]) -> Plan:
    told, more = verdicts[:MOST_TOLD], len(verdicts[MOST_TOLD:])
    if not verdicts:
        return _unplanned(source, Standing.NOTHING, State.NOT_APPLICABLE, "Its entry names no target.")
    good = sum(each.allowed for each in told)
    state = State.SATISFIED if good else State.PENDING if any(each.undecided for each in told) else State.VIOLATED
    parts = (*(answer.ruling for answer in answers), *(each.ruling for each in told))
    says = f"{good} of {len(verdicts)} targets may be started."
    return Plan(source, Standing.PLANNED, Ruling("dispatch", state, says, parts=parts), None, told, more)
