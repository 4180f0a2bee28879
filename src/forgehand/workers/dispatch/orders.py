"""What a job about one target carries: the run that asks for it and what is asked for. It is told in full, so that a
job needs nothing else to be judged again. Called by `followups` and the workers that run those jobs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from forgehand.domain.dispatches import Stand, TargetState
from forgehand.workers.dispatch.rules.facts import Link, Source
from forgehand.workers.dispatch.rules.target import Asked


@dataclass(frozen=True, slots=True)
class Order:
    """`told`: that nobody knows whether it was started is said already."""

    source: Source
    asked: Asked
    told: bool = False

    def state(self, stand: Stand, at: float, **more: Any) -> TargetState:
        """Where the target stands."""
        asked = self.asked
        return TargetState(asked.key, asked.repository, asked.workflow, asked.ref, stand, at=at, **more)

    @property
    def chain(self) -> tuple[Link, ...]:
        """The runs that lead to the one that this starts."""
        return (*self.source.chain, Link(self.source.repository, self.source.workflow, self.source.run))


def write_order(order: Order) -> dict[str, Any]:
    told: dict[str, Any] = _ORDER.dump_python(order, mode="json", exclude_defaults=True)
    return told


def read_order(payload: Mapping[str, Any]) -> Order:
    """Raises ValueError for what is none."""
    return _ORDER.validate_python({name: payload[name] for name in ("source", "asked", "told") if name in payload})


def write_orders(orders: Sequence[Order]) -> str:
    """Those that wait for approval, as a document."""
    return json.dumps([write_order(each) for each in orders], separators=(",", ":"))


def read_orders(text: str | None) -> tuple[Order, ...]:
    """What `write_orders` wrote; none where another version wrote it."""
    try:
        return tuple(map(read_order, json.loads(text))) if text else ()
    except (ValueError, TypeError):
        return ()


_ORDER = TypeAdapter(Order)
