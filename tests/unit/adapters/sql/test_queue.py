"""When the writer takes what waits: a crowd of deliveries together, everything else at once."""

import pytest

from forgehand.adapters.sql.queue import Operation, Queue, record_operation, verb_operation
from forgehand.adapters.sql.verbs_intake import record_of
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change

pytestmark = pytest.mark.anyio

AN_HOUR = 3600.0


def on_its_way(guid: str) -> Operation:
    return record_operation(record_of(Delivery(guid, "push", b"{}", 0.0), Change()), patience=1.0)


async def test_one_that_comes_alone_is_taken_at_once() -> None:
    queue = Queue(100, 10_000_000, gap=AN_HOUR)
    for guid in ("a", "b", "c"):
        operation = on_its_way(guid)
        queue.put(operation)
        assert queue.take() == [operation]


async def test_after_a_crowd_more_is_let_come_together_but_a_verb_is_not_kept_waiting() -> None:
    queue = Queue(100, 10_000_000, gap=AN_HOUR)
    crowd = [on_its_way(guid) for guid in ("a", "b")]
    for operation in crowd:
        queue.put(operation)
    assert queue.take() == crowd
    late = on_its_way("c")
    queue.put(late)
    assert queue.too_early() > 0
    verb = verb_operation(lambda conn: None, 1.0)
    queue.put(verb)
    assert queue.take() == [late, verb]


async def test_a_crowd_that_waits_at_the_end_is_taken_without_waiting_for_more() -> None:
    queue = Queue(100, 10_000_000, gap=AN_HOUR)
    crowd = [on_its_way(guid) for guid in ("a", "b")]
    for operation in crowd:
        queue.put(operation)
    queue.take()
    last = on_its_way("c")
    queue.put(last)
    queue.close()
    assert queue.take() == [last]
    assert queue.take() == []
