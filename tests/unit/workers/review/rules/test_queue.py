"""The merge queue's state machine: by example, and in a small world that crashes, lags and moves at random."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgehand.workers.review.rules import queue as q
from forgehand.workers.review.rules.queue import Build, Entry, Finish, Idle, Land, Queue, Scratch, Start, Sweep, Trial

Content = tuple[int, ...]
"""What a branch holds: the numbers of the pull requests in it, in order."""


@dataclass
class World:
    """A base branch, pull requests and their scratch commits. A combination passes unless it holds a bad one. A commit
    is named by its history, a tree by what is in it."""

    bad: frozenset[int]
    base: Content = ()
    moved: int = 0
    """How often somebody else pushed to the base."""
    runs: set[str] = field(default_factory=set)
    results: set[tuple[int, str]] = field(default_factory=set)
    green: set[Content] = field(default_factory=set)
    contents: dict[str, Content] = field(default_factory=dict)

    @property
    def tip(self) -> str:
        return self.named(self.base)

    def named(self, content: Content) -> str:
        name = f"{'-'.join(map(str, content))}@{self.moved}"
        self.contents[name] = content
        return name

    def take(self, queue: Queue, *, most: int = 10) -> Queue:
        """Perform the next step; an interrupted one is performed again with the same outcome."""
        match q.next_step(queue):
            case Idle():
                return queue
            case Sweep(scratch):
                return q.swept(queue, scratch)
            case Start():
                return q.started(queue, self.tip, most)
            case Build(entry, onto, _):
                commit = self.named((*self.contents[onto], entry.number))
                queue = q.uses(queue, Scratch(f"train-{queue.serial}", commit))
                return q.built(queue, entry, commit, f"tree {commit}")
            case Trial(prefix, commit):
                self.runs.add(commit)
                self.results.add((prefix, commit))
                passed = not self.bad & set(self.contents[commit])
                if passed:
                    self.green.add(self.contents[commit])
                return q.answered(queue, prefix, commit, passed=passed, why="it broke the tests")
            case Land(car, tip):
                return self.land(queue, car.entry.number, tip)
            case Finish():
                return q.finished(queue)

    def land(self, queue: Queue, number: int, tip: str) -> Queue:
        if number in self.base:
            # It landed before, and the state was lost.
            content = self.base[: self.base.index(number) + 1]
            return q.landed(queue, number, self.named(content), f"tree {self.named(content)}")
        if self.tip != tip:
            return q.dissolved(queue)
        self.base = (*self.base, number)
        assert any(green[: len(self.base)] == self.base for green in self.green), "what was not tested landed"
        return q.landed(queue, number, self.tip, f"tree {self.tip}")


def _filled(count: int) -> Queue:
    queue = Queue()
    for number in range(1, count + 1):
        queue = q.joined(queue, Entry(number, f"head-{number}", since=float(number)))
    return queue


def _to_the_end(world: World, queue: Queue) -> Queue:
    for _ in range(2000):
        if isinstance(q.next_step(queue), Idle):
            return queue
        queue = world.take(queue)
    raise AssertionError("it never ends")


def test_ten_good_ones_land_in_order_after_one_run() -> None:
    world = World(frozenset())
    queue = _to_the_end(world, _filled(10))
    assert world.base == tuple(range(1, 11))
    assert (len(world.runs), world.green) == (1, {world.base})
    assert (queue.order, queue.train, queue.litter) == ((), None, ())


@pytest.mark.parametrize("bad", range(1, 11))
def test_of_ten_with_one_bad_nine_land_in_at_most_eight_runs(bad: int) -> None:
    world = World(frozenset({bad}))
    queue = _to_the_end(world, _filled(10))
    assert world.base == tuple(n for n in range(1, 11) if n != bad)
    assert len(world.runs) <= 8
    assert [(each.number, each.why) for each in queue.thrown] == [(bad, "it broke the tests")]


@given(count=st.integers(1, 40), data=st.data())
def test_all_but_the_bad_one_land_in_logarithmically_many_runs(count: int, data: st.DataObject) -> None:
    world = World(frozenset({data.draw(st.integers(1, count))}))
    queue = _filled(count)
    while not isinstance(q.next_step(queue), Idle):
        queue = world.take(queue, most=count)
    assert len(world.base) == count - 1
    assert world.base in world.green or not world.base
    assert len(world.runs) <= 2 + math.ceil(math.log2(max(2, count)))


@settings(deadline=None)
@given(data=st.data())
def test_whatever_crashes_moves_or_leaves_no_untested_tree_lands_and_nobody_is_lost(data: st.DataObject) -> None:
    world = World(data.draw(st.frozensets(st.integers(1, 8), max_size=3)))
    queue, gone, heads = _filled(8), set[int](), dict.fromkeys(range(1, 9), 0)
    for _ in range(data.draw(st.integers(0, 60))):
        match data.draw(st.sampled_from(["step", "step", "step", "crash", "late", "push", "leave", "move"])):
            case "step":
                queue = world.take(queue, most=4)
            case "crash":
                # It was done, and the state was not kept.
                world.take(queue, most=4)
            case "late":
                for prefix, commit in sorted(world.results):
                    queue = q.answered(
                        queue, prefix, commit, passed=not world.bad & set(world.contents[commit]), why="late"
                    )
            case "push":
                number = data.draw(st.integers(1, 8))
                if number not in world.base and number not in gone:
                    heads[number] += 1
                    queue = q.joined(queue, Entry(number, f"head-{number}-{heads[number]}", since=99.0))
            case "leave":
                number = data.draw(st.integers(1, 8))
                if number not in world.base:
                    queue = q.left(queue, number)
                    gone.add(number)
            case "move":
                world.moved += 1
        known = {each.number for each in queue.order} | {each.number for each in queue.thrown} | gone | set(world.base)
        assert known == set(range(1, 9))
        assert len({each.number for each in queue.order}) == len(queue.order)
    queue = _to_the_end(world, queue)
    assert len(set(world.base)) == len(world.base)
    assert not world.bad & set(world.base)
    assert set(range(1, 9)) - world.bad - gone <= set(world.base)
    assert (queue.scratch, queue.litter) == ((), ())


def test_a_higher_priority_goes_first_then_who_came_first() -> None:
    queue = Queue(waiting=(Entry(1, "a", since=1.0), Entry(2, "b", since=2.0), Entry(3, "c", priority=1, since=3.0)))
    assert [each.number for each in queue.order] == [3, 1, 2]
    assert [q.position(queue, number) for number in (1, 2, 3, 4)] == [2, 3, 1, 0]


def test_joining_twice_at_one_head_keeps_the_place_and_a_new_head_loses_it() -> None:
    queue = _filled(2)
    assert q.joined(queue, Entry(1, "head-1", since=9.0)) == queue
    moved = q.joined(queue, Entry(1, "new", since=9.0))
    assert [(each.number, each.head) for each in moved.order] == [(2, "head-2"), (1, "new")]


def test_one_that_was_thrown_out_comes_back_only_at_another_head() -> None:
    queue = q.thrown_out(_filled(1), Entry(1, "head-1"), "it broke the tests")
    assert q.joined(queue, Entry(1, "head-1")) == queue
    assert q.why_thrown(queue, 1, "head-1") == "it broke the tests"
    back = q.joined(queue, Entry(1, "new"))
    assert (q.why_thrown(back, 1, "head-1"), [each.head for each in back.order]) == ("", ["new"])


def _train_of(count: int) -> tuple[World, Queue]:
    """All built, none tested."""
    world = World(frozenset())
    queue = world.take(_filled(count))
    for _ in range(count):
        queue = world.take(queue)
    assert isinstance(q.next_step(queue), Trial)
    return world, queue


def test_when_one_leaves_the_train_those_before_it_stay_and_those_behind_wait() -> None:
    _, queue = _train_of(4)
    queue = q.left(queue, 3)
    assert queue.train is not None
    assert [car.entry.number for car in queue.train.cars] == [1, 2]
    assert [each.number for each in queue.order] == [1, 2, 4]
    assert q.next_step(queue) == Trial(2, queue.train.cars[1].commit)


def test_a_higher_priority_goes_first_and_is_taken_over_while_it_waits() -> None:
    queue = q.joined(_filled(3), Entry(3, "head-3", priority=1, since=9.0))
    assert [(each.number, each.since) for each in queue.order] == [(3, 3.0), (1, 1.0), (2, 2.0)]
    queue = q.joined(queue, Entry(3, "head-3", priority=-1, since=9.0))
    assert [each.number for each in queue.order] == [1, 2, 3]


def test_what_is_tested_already_stays_where_it_is() -> None:
    _, queue = _train_of(3)
    assert q.joined(queue, Entry(3, "head-3", priority=1)) == queue
    assert (q.aboard(queue, 3), q.aboard(queue, 9), q.aboard(_filled(3), 3)) == (True, False, False)


def test_that_all_passed_together_says_nothing_of_fewer() -> None:
    world, queue = _train_of(4)
    queue = q.left(world.take(queue), 4)
    assert isinstance(q.next_step(queue), Trial)


def test_a_result_of_another_train_changes_nothing() -> None:
    _, queue = _train_of(2)
    assert q.answered(queue, 2, "of another train", passed=True) == queue


def test_one_that_does_not_fit_behind_the_others_waits_for_the_next_train() -> None:
    world = World(frozenset())
    queue = world.take(world.take(_filled(2)))
    queue = q.does_not_fit(queue, Entry(2, "head-2", since=2.0))
    assert [each.number for each in queue.waiting] == [2]
    assert isinstance(q.next_step(queue), Trial)


def test_a_landed_tree_that_is_not_the_tested_one_stops_the_train() -> None:
    world, queue = _train_of(2)
    queue = world.take(queue)
    step = q.next_step(queue)
    assert isinstance(step, Land)
    queue = q.landed(queue, step.car.entry.number, "merge", "another tree")
    assert queue.train is None
    assert [each.number for each in queue.order] == [2]


def test_checks_that_never_end_throw_out_what_is_not_known_to_be_good() -> None:
    _, queue = _train_of(3)
    assert queue.train is not None
    queue = q.answered(queue, 3, queue.train.cars[2].commit, passed=False)
    queue = q.answered(queue, 1, queue.train.cars[0].commit, passed=True)
    queue = q.never_tested(queue, "its checks took too long")
    assert {each.number for each in queue.thrown} == {2, 3}
    step = q.next_step(queue)
    assert isinstance(step, Land)
    assert step.car.entry.number == 1


def test_only_so_many_of_those_thrown_out_are_remembered() -> None:
    queue = Queue()
    for number in range(q.KEPT_THROWN + 5):
        queue = q.thrown_out(queue, Entry(number, "h"), "why")
    assert len(queue.thrown) == q.KEPT_THROWN
    assert queue.thrown[0].number == 5
