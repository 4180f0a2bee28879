"""The merge queue of one base branch, as a state machine: what to do next, and what becomes of it. Obeyed by
`queue_worker`, which performs each step and keeps the state as a document.

    waiting ──▶ a train: boarding ──built──▶ cars ──▶ test all ──red──▶ bisect prefixes ──▶ land the good ones, in order
       ▲                        │                        └───────────── green ─────────────▶        │
       └──── comes back ◀───────┴───── base moved, somebody before it left, or the bad one ◀────────┘ (is thrown out)

A car is one pull request merged into a scratch branch on top of those before it, so each car's commit is a prefix of
the train. A prefix lands only if it was tested green on the very base that is still there: with its last car the base
holds, tree for tree, what was tested. With one bad pull request among n, its prefix is found in log2(n) runs, and all
before it are tested already. Any step may run twice: a crash before the state is kept only means that it is done, and
found done, again. A result that comes late is held against the cars' commits, and forgotten where they are others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

KEPT_THROWN = 200
"""So many of those thrown out are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A pull request at the head that was approved. A higher `priority` goes first, then who came `since` longer."""

    number: int
    head: str
    priority: int = 0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Car:
    """`commit` holds the base and every car up to this one; `tree` is what lands with it."""

    entry: Entry
    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class Train:
    """Built on `base`; the base branch must point at `tip` for the next car to land. Of the cars `landed` have landed.
    `passed` are the lengths of the prefixes that were tested green, `bad` is that of the shortest red one (0: none is
    known), and `why` says what failed there. `since` is when the wait for the present test began, 0 where none did."""

    serial: int
    base: str
    tip: str
    boarding: tuple[Entry, ...]
    cars: tuple[Car, ...] = ()
    landed: int = 0
    passed: tuple[int, ...] = ()
    bad: int = 0
    why: str = ""
    since: float = 0.0

    @property
    def good(self) -> int:
        """How many cars may land, or have."""
        return max((self.landed, *self.passed))


@dataclass(frozen=True, slots=True)
class Thrown:
    """Not taken again at this head."""

    number: int
    head: str
    why: str


@dataclass(frozen=True, slots=True)
class Scratch:
    """A branch of ours that is no longer needed."""

    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class Queue:
    """`serial` numbers the trains. `litter` is to be removed, `scratch` is what the present train uses."""

    serial: int = 0
    waiting: tuple[Entry, ...] = ()
    train: Train | None = None
    thrown: tuple[Thrown, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    litter: tuple[Scratch, ...] = ()

    @property
    def order(self) -> tuple[Entry, ...]:
        """All that are in it, the next to land first."""
        train = self.train
        aboard = (*(car.entry for car in train.cars[train.landed :]), *train.boarding) if train else ()
        return (*aboard, *in_order(self.waiting))


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class Sweep:
    scratch: Scratch


@dataclass(frozen=True, slots=True)
class Start:
    """Make a train of those that wait."""


@dataclass(frozen=True, slots=True)
class Build:
    """Judge this one again, and merge it onto `onto`; the first time the scratch branch is made."""

    entry: Entry
    onto: str
    index: int


@dataclass(frozen=True, slots=True)
class Trial:
    """Have the first `prefix` cars tested together, at `commit`."""

    prefix: int
    commit: str


@dataclass(frozen=True, slots=True)
class Land:
    """Judge this one again, and merge it, if the base still points at `tip`."""

    car: Car
    tip: str


@dataclass(frozen=True, slots=True)
class Finish:
    """All that can land has landed."""


Next: TypeAlias = Idle | Sweep | Start | Build | Trial | Land | Finish


def next_step(queue: Queue) -> Next:
    """What is to be done now."""
    if queue.litter:
        return Sweep(queue.litter[0])
    train = queue.train
    if train is None:
        return Start() if queue.waiting else Idle()
    if train.boarding:
        onto = train.cars[-1].commit if train.cars else train.base
        return Build(train.boarding[0], onto, len(train.cars))
    prefix = _to_test(train)
    if prefix:
        return Trial(prefix, train.cars[prefix - 1].commit)
    if train.landed < train.good:
        return Land(train.cars[train.landed], train.tip)
    return Finish()


def stands(queue: Queue) -> str:
    """Where it stands: the same for as long as nothing moves."""
    return f"{queue.serial}: {next_step(queue)}"


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda each: (-each.priority, each.since, each.number)))


def position(queue: Queue, number: int) -> int:
    """From 1; 0 where it is not in the queue."""
    return next((place for place, each in enumerate(queue.order, 1) if each.number == number), 0)


def aboard(queue: Queue, number: int) -> bool:
    """Whether it is in what is tested or lands now, and stands where it stands."""
    return position(queue, number) > 0 and all(each.number != number for each in queue.waiting)


def thrown_between(before: Queue, after: Queue) -> tuple[Thrown, ...]:
    """Those that a step threw out."""
    return tuple(each for each in after.thrown if each not in before.thrown)


def why_thrown(queue: Queue, number: int, head: str) -> str:
    """Why it is not taken again at this head; empty where it would be."""
    return next((each.why for each in queue.thrown if (each.number, each.head) == (number, head)), "")


def joined(queue: Queue, entry: Entry) -> Queue:
    """With one more, at its newest head. Whoever is in it at this head keeps the place, but for another priority while
    it waits, and whoever was thrown out at this head stays out."""
    if why_thrown(queue, entry.number, entry.head):
        return queue
    if any((each.number, each.head) == (entry.number, entry.head) for each in queue.order):
        waiting = (
            replace(each, priority=entry.priority) if each.number == entry.number else each for each in queue.waiting
        )
        return replace(queue, waiting=tuple(waiting))
    rest = left(queue, entry.number)
    thrown = tuple(each for each in rest.thrown if each.number != entry.number)
    return replace(rest, waiting=(*rest.waiting, entry), thrown=thrown)


def left(queue: Queue, number: int) -> Queue:
    """Without this one. Those behind it in the train wait for the next: what was tested held it. One that has landed
    cannot leave."""
    queue = replace(queue, waiting=tuple(each for each in queue.waiting if each.number != number))
    train = queue.train
    if train is None:
        return queue
    boarding = tuple(each for each in train.boarding if each.number != number)
    at = next((i for i, car in enumerate(train.cars) if car.entry.number == number and i >= train.landed), None)
    if at is None:
        return replace(queue, train=replace(train, boarding=boarding))
    back = tuple(car.entry for car in train.cars[at + 1 :])
    return replace(queue, train=_cut(replace(train, boarding=()), at), waiting=(*queue.waiting, *back, *boarding))


def thrown_out(queue: Queue, entry: Entry, why: str) -> Queue:
    """Without this one, which is not taken again at this head."""
    rest = left(queue, entry.number)
    known = [each for each in rest.thrown if each.number != entry.number]
    thrown = (*known, Thrown(entry.number, entry.head, why))[-KEPT_THROWN:]
    return replace(rest, thrown=thrown)


def started(queue: Queue, base: str, most: int) -> Queue:
    """A train of the first `most` that wait, on this base."""
    if queue.train is not None:
        return queue
    ordered, serial = in_order(queue.waiting), queue.serial + 1
    train = Train(serial, base, base, ordered[:most])
    return replace(queue, serial=serial, waiting=ordered[most:], train=train)


def uses(queue: Queue, scratch: Scratch) -> Queue:
    """The train uses this branch, at this commit."""
    kept = tuple(each for each in queue.scratch if each.ref != scratch.ref)
    return replace(queue, scratch=(*kept, scratch))


def built(queue: Queue, entry: Entry, commit: str, tree: str) -> Queue:
    """The first of those boarding is a car now."""
    train = queue.train
    if train is None or train.boarding[:1] != (entry,):
        return queue
    return replace(
        queue, train=replace(train, boarding=train.boarding[1:], cars=(*train.cars, Car(entry, commit, tree)))
    )


def does_not_fit(queue: Queue, entry: Entry) -> Queue:
    """It conflicts with those before it in the train, which may land or not: it waits for the next."""
    rest = left(queue, entry.number)
    return replace(rest, waiting=(*rest.waiting, entry))


def waits_since(queue: Queue, now: float) -> Queue:
    """The wait for the present test has begun."""
    train = queue.train
    if train is None or train.since:
        return queue
    return replace(queue, train=replace(train, since=now))


def answered(queue: Queue, prefix: int, commit: str, *, passed: bool, why: str = "") -> Queue:
    """The first `prefix` cars were tested, at `commit`. What is older than what is known already, or of another train,
    changes nothing."""
    train = queue.train
    if train is None or not train.good < prefix < (train.bad or len(train.cars) + 1):
        return queue
    if train.cars[prefix - 1].commit != commit:
        return queue
    if passed:
        return replace(queue, train=replace(train, passed=(*train.passed, prefix), since=0.0))
    return replace(queue, train=replace(train, bad=prefix, why=why, since=0.0))


def never_tested(queue: Queue, why: str) -> Queue:
    """Its checks do not come to an end: all that is not known to be good is thrown out, since nobody can say who is to
    blame."""
    train = queue.train
    if train is None:
        return queue
    out = [car.entry for car in train.cars[train.good :]]
    queue = replace(queue, train=_cut(train, train.good))
    for entry in out:
        queue = thrown_out(queue, entry, why)
    return queue


def landed(queue: Queue, number: int, commit: str, tree: str) -> Queue:
    """The next car is in the base branch. Where that is not the tree that was tested, nothing more lands of this
    train."""
    train = queue.train
    if train is None or train.landed >= len(train.cars) or train.cars[train.landed].entry.number != number:
        return queue
    car = train.cars[train.landed]
    queue = replace(queue, train=replace(train, landed=train.landed + 1, tip=commit))
    return queue if car.tree == tree else dissolved(queue)


def dissolved(queue: Queue) -> Queue:
    """The base is not where the train was built: all that have not landed wait for the next train."""
    train = queue.train
    if train is None:
        return queue
    back = (*(car.entry for car in train.cars[train.landed :]), *train.boarding)
    litter = (*queue.litter, *queue.scratch)
    return replace(queue, train=None, waiting=(*queue.waiting, *back), scratch=(), litter=litter)


def finished(queue: Queue) -> Queue:
    """The train has arrived. The one that broke the rest is thrown out; those behind it wait for the next."""
    train = queue.train
    if train is None:
        return queue
    if train.bad:
        queue = thrown_out(queue, train.cars[train.bad - 1].entry, train.why)
    return dissolved(queue)


def swept(queue: Queue, scratch: Scratch) -> Queue:
    return replace(queue, litter=tuple(each for each in queue.litter if each != scratch))


def _to_test(train: Train) -> int:
    """The prefix to test next; 0 where all is known that has to be."""
    if train.bad == 0:
        return len(train.cars) if train.good < len(train.cars) else 0
    return (train.good + train.bad) // 2 if train.bad - train.good > 1 else 0


def _cut(train: Train, at: int) -> Train:
    """The train without its cars from `at` on. That more passed together says nothing of fewer."""
    bad = train.bad if train.bad <= at else 0
    passed = tuple(each for each in train.passed if each <= at)
    return replace(train, cars=train.cars[:at], passed=passed, bad=bad, since=0.0)
