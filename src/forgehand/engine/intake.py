"""Accepting a delivery: one durable commit of the delivery, its fact and its planning job. Called by `web.intake`.

Kept light: it is on the path of every webhook and in every cold start.
"""

from collections.abc import Callable
from dataclasses import dataclass

from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLAN, PLANNER, Change, Job, job_id
from forgehand.engine.steps import Step, Steps, silent
from forgehand.ports import store as ports
from forgehand.ports.traces import SILENT, Traces
from forgehand.ports.wakeups import Wakeups

PLAN_PRIORITY = 7


@dataclass(frozen=True, slots=True)
class Accepted:
    """`ignored` says why a delivery was stored but wakes nobody."""

    duplicate: bool = False
    ignored: str | None = None


class Intake:
    """`listens` are the events that some worker has a trigger for; the others are stored and ignored."""

    def __init__(
        self,
        store: ports.Intake,
        wakeups: Wakeups,
        listens: frozenset[str],
        clock: Callable[[], float],
        steps: Steps = silent,
        traces: Traces = SILENT,
    ) -> None:
        self._store = store
        self._wakeups = wakeups
        self._listens = listens
        self._clock = clock
        self._steps = steps
        self._traces = traces

    async def accept(self, event: str, guid: str, body: bytes) -> Accepted:
        """Store a verified delivery. Returning is a promise that it will be handled; raises StoreUnavailable."""
        with self._traces.delivery(guid, event=event) as span:
            accepted = await self._accept(event, guid, body)
            span.tell(duplicate=accepted.duplicate, ignored=accepted.ignored or "")
            return accepted

    async def _accept(self, event: str, guid: str, body: bytes) -> Accepted:
        now = self._clock()
        ignored = None if event in self._listens else f"no worker waits for {event}"
        said = {"event": event} if ignored else {"event": event, "made": _PLANNING}
        received = Fact(fact_id("received", guid, near=guid), "delivery.received", now, delivery=guid, data=said)
        planning = () if ignored else (planning_job(guid, event, now),)
        recorded = await self._store.record(
            Delivery(guid, event, body, now), Change(enqueue=planning, facts=(received,))
        )
        self._steps(Step.DELIVERY_RECORDED, event)
        if recorded is ports.Recorded.DUPLICATE:
            return Accepted(duplicate=True, ignored=ignored)
        if planning:
            await self._wakeups.hint([planning[0].id])
        return Accepted(ignored=ignored)


def planning_job(guid: str, event: str, now: float, *, replay: str = "", cursor: int = 0) -> Job:
    """The job that plans a delivery. A `replay` token makes it, and the jobs it plans, new ones."""
    return Job(
        id=job_id(PLAN, guid, replay, cursor, near=guid),
        type=PLAN,
        worker=PLANNER,
        tenant=0,
        repository_id=0,
        repository="",
        subject=event,
        created_at=now,
        payload={"guid": guid, "replay": replay, "cursor": cursor},
        priority=PLAN_PRIORITY,
        run_at=now,
        delivery=guid,
        correlation=guid,
    )


_PLANNING = {PLANNER: 1}
"""What a delivery that is not known yet always makes; see `made_known`, which is spared here."""
