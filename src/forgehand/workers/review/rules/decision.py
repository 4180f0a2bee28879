"""The decision about a pull request: one tree of rulings, where it stands by them, and what is to be done next.

Said by `decide_worker`, obeyed by `land_worker` and `queue_worker`, which judge everything again before they act.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.policy import RepositoryPolicy
from forgehand.domain.pulls import Standing
from forgehand.domain.rulings import FORBIDDING, Ruling, State, first, reasons
from forgehand.workers.review.rules import automatic, whole
from forgehand.workers.review.rules.facts import Facts


class Step(StrEnum):
    """What a machine has to do about it now."""

    NOTHING = "nothing"
    UPDATE = "update"
    """Bring the branch up to date with its base."""
    LAND = "land"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Decision:
    """`ready` is what is said of the change itself, and what the check run concludes; `people` is whom branch
    protection and policy want to hear; `automatic` whether a machine may merge it. `ruling` is the tree of all three,
    `blocker` the weightiest that stands in the way of a merge."""

    ruling: Ruling
    ready: Ruling
    people: Ruling
    automatic: Ruling
    standing: Standing
    blocker: Ruling | None
    step: Step

    @property
    def conclusion(self) -> Conclusion | None:
        """None while nobody can say, and while it is a draft: nobody has read it, and it can be ready and merged before
        somebody does. GitHub takes every other conclusion for passed or for failed."""
        worst = _worst(self.ready)
        if self.ready.state is State.PENDING or (worst and worst.rule == whole.NOT_A_DRAFT):
            return None
        return worst.costs if worst else Conclusion.SUCCESS

    @property
    def broken(self) -> bool:
        """Whether something stands in the way, beyond what nobody can say yet."""
        return any(group.state in FORBIDDING for group in (self.ready, self.people, self.automatic))

    @property
    def why_not(self) -> str:
        """Why it is not merged, in a sentence; empty where nothing stands in the way."""
        if self.blocker is None:
            return ""
        if self.blocker not in self.ready.parts:
            # What is said of merging is a sentence alone.
            return self.blocker.reason
        return reasons(whole.in_the_way(self.ready.parts) or [self.blocker])


def judge(facts: Facts, policy: RepositoryPolicy) -> Decision:
    """The decision: the same facts and policy always give the same."""
    ready = _group("ready", [rule(facts, policy) for rule in whole.RULES])
    people = _group("people", [rule(facts, policy) for rule in automatic.PEOPLE])
    machine = _group("automatic merge", [rule(facts, policy) for rule in automatic.AUTOMATIC])
    groups = (ready, people, machine)
    worst = first(groups, *FORBIDDING, State.PENDING)
    root = Ruling("merge", State.SATISFIED, "Nothing stands in the way.", parts=groups)
    if worst is not None:
        root = Ruling("merge", worst.state, worst.reason, worst.costs, groups)
    return Decision(root, *groups, _standing(facts, *groups), worst and _worst(worst), _step(policy, *groups))


def _group(name: str, rulings: list[Ruling]) -> Ruling:
    parts = tuple(rulings)
    group = Ruling(name, State.SATISFIED, "Nothing stands in the way.", parts=parts)
    worst = _worst(group)
    return group if worst is None else replace(group, state=worst.state, reason=reasons([worst]), costs=worst.costs)


def _worst(group: Ruling) -> Ruling | None:
    return next(iter(whole.in_the_way(group.parts)), None) or first(group.parts, State.PENDING)


def _standing(facts: Facts, ready: Ruling, people: Ruling, machine: Ruling) -> Standing:
    if facts.pull.merged:
        return Standing.MERGED
    if facts.pull.state != "open":
        return Standing.CLOSED
    if ready.state is State.VIOLATED or (ready.state is State.SATISFIED and people.state is State.VIOLATED):
        return Standing.BLOCKED
    if State.PENDING in (ready.state, people.state):
        return Standing.WAITING
    if facts.place.position and machine.state is State.SATISFIED:
        return Standing.QUEUED
    return Standing.WAITING if machine.state is State.PENDING else Standing.READY


def _step(policy: RepositoryPolicy, ready: Ruling, people: Ruling, machine: Ruling) -> Step:
    if ready.state is not State.SATISFIED or people.state is not State.SATISFIED:
        return Step.NOTHING
    if machine.state is State.SATISFIED:
        return Step.QUEUE if policy.merge.queue.enabled else Step.LAND
    open_points = [part for part in machine.parts if part.state not in (State.SATISFIED, State.NOT_APPLICABLE)]
    if all(part.rule == automatic.UP_TO_DATE and part.state is State.PENDING for part in open_points):
        return Step.UPDATE
    return Step.NOTHING
