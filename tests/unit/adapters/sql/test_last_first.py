"""Who waits for work, and who gets it."""

import queue
import threading

from forgehand.adapters.sql.last_first import LastFirst
from support.product import until


def sleeper(rest: LastFirst, name: str, woken: "queue.SimpleQueue[str]") -> None:
    def sleep() -> None:
        with rest:
            rest.wait()
        woken.put(name)

    before = asleep(rest)
    threading.Thread(target=sleep, daemon=True).start()
    until(lambda: asleep(rest) == before + 1, f"{name} to fall asleep")


def asleep(rest: LastFirst) -> int:
    with rest:
        return rest.asleep


def test_the_last_to_fall_asleep_is_woken_first() -> None:
    rest, woken = LastFirst(), queue.SimpleQueue[str]()
    for name in ("first", "second", "third"):
        sleeper(rest, name, woken)
    for name in ("third", "second"):
        with rest:
            rest.wake()
        assert woken.get(timeout=30) == name
    assert asleep(rest) == 1


def test_where_nobody_sleeps_nobody_is_woken() -> None:
    rest, woken = LastFirst(), queue.SimpleQueue[str]()
    with rest:
        rest.wake()
    sleeper(rest, "later", woken)
    assert woken.empty()
    assert asleep(rest) == 1


def test_all_can_be_woken_at_once() -> None:
    rest, woken = LastFirst(), queue.SimpleQueue[str]()
    names = ("first", "second", "third")
    for name in names:
        sleeper(rest, name, woken)
    with rest:
        rest.wake_all()
    assert {woken.get(timeout=30) for _ in names} == set(names)
