"""Accepting a delivery: one durable commit of the delivery, its fact and its planning job. Called by `web.intake`.

Kept light: it is on the path of every webhook and in every cold start.
"""

from collections.abc import Callable
from dataclasses import dataclass

from forgehand.domain.deliveries import Delivery
from forgehand.engine.steps import Step, Steps, silent
from forgehand.ports import store as ports
from forgehand.ports.traces import SILENT, Traces
from forgehand.ports.wakeups import Wakeups


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
        ignored = None if event in self._listens else f"no worker waits for {event}"
        recorded = await self._store.receive(Delivery(guid, event, body, self._clock()), ignored or "")
        self._steps(Step.DELIVERY_RECORDED, event)
        if recorded is ports.Recorded.DUPLICATE:
            return Accepted(duplicate=True, ignored=ignored)
        if ignored is not None:
            return Accepted(ignored=ignored)
        await self._wakeups.hint(())
        return _ACCEPTED


_ACCEPTED = Accepted()
