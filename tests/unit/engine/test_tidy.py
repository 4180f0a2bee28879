import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change, Done
from forgehand.engine.desk import JobDesk
from forgehand.engine.gate import Gate
from forgehand.engine.schedule import Poll, tick
from forgehand.engine.tidy import ROWS_AT_A_TIME, Tidy
from support.engine import Clock

pytestmark = pytest.mark.anyio


async def test_everything_old_is_forgotten_however_much_it_is() -> None:
    store, clock = MemoryStore(), Clock()
    await store.open()
    for number in range(ROWS_AT_A_TIME + 1):
        await store.record(Delivery(f"old-{number}", "push", b"{}", clock()), Change())
    clock.forward(100.0)
    await store.record(Delivery("young", "push", b"{}", clock()), Change())
    outcome = await Tidy(store, keep=50.0).run(JobDesk(tick(Poll("tidy", 60), clock()), Gate(store, {}, clock), clock))
    assert outcome == Done({"rows": ROWS_AT_A_TIME + 1})
    assert [each.delivery.guid for each in await store.deliveries(9)] == ["young"]
