"""A merge queue as people are shown it: who is in it, in order, and what is going on. Kept beside its state by
`documents`; read by pages, which only show it.
"""

from collections.abc import Iterable
from typing import Any

from forgehand.workers.review.rules.queue import (
    Build,
    Car,
    Entry,
    Finish,
    Idle,
    Land,
    Queue,
    Scratch,
    Start,
    Sweep,
    Trial,
    next_step,
)


def picture(queue: Queue) -> dict[str, Any]:
    """`members` with the next to land first, each `aboard` the train that is tested now or not, and before
    those of a lower `priority`; `doing` in words; and
    the `branch`, its commit, and since when it is waited for, empty where nothing is tested."""
    train = queue.train
    aboard = len(queue.order) - len(queue.waiting)
    doing, commit = _doing(queue)
    return {
        "members": [_member(entry, place <= aboard) for place, entry in enumerate(queue.order, 1)],
        "doing": doing,
        "branch": next(
            (each.ref.removeprefix("refs/heads/") for each in reversed(queue.scratch) if each.sha == commit), ""
        ),
        "commit": commit,
        "since": train.since if train and commit else 0.0,
    }


def _member(entry: Entry, aboard: bool) -> dict[str, Any]:
    return {
        "number": entry.number,
        "head": entry.head,
        "since": entry.since,
        "aboard": aboard,
        "priority": entry.priority,
    }


def _doing(queue: Queue) -> tuple[str, str]:
    """In words, and at which commit."""
    cars = queue.train.cars if queue.train else ()
    match next_step(queue):
        case Sweep(scratch):
            return f"removing the scratch branch {_name(scratch)}", ""
        case Build(entry, onto, index):
            return f"putting #{entry.number} onto the scratch branch", onto if index else ""
        case Trial(prefix, commit):
            return f"testing {_names(cars[:prefix])}{' together' if prefix > 1 else ''}", commit
        case Land(car):
            return f"merging #{car.entry.number}, which passed", ""
        case Start():
            return "about to start", ""
        case Finish():
            return "all that passed has landed", ""
        case Idle():
            return "", ""


def _names(cars: Iterable[Car]) -> str:
    return ", ".join(f"#{car.entry.number}" for car in cars)


def _name(scratch: Scratch) -> str:
    return scratch.ref.removeprefix("refs/heads/")
