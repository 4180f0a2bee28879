"""Deliveries that GitHub could not hand over: asked for again. Runs as a job, put on the clock by `engine.schedule`.

GitHub never redelivers by itself
(https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries).
"""

from collections.abc import Sequence
from typing import Protocol

from forgehand.domain.effects.redelivery import Redelivery
from forgehand.domain.jobs import Done, Outcome, Retry, Waiting
from forgehand.domain.repositories import Repo
from forgehand.ports.desk import Desk
from forgehand.ports.github import HookDelivery, Hooks
from forgehand.ports.store import Controls, Intake

REDELIVERABLE_SECONDS = 3 * 24 * 3600
"""GitHub keeps deliveries for redelivery three days."""
OVERLAP_SECONDS = 60.0


class SweepStore(Intake, Controls, Protocol):
    """The part of the store that the sweep needs."""


class Sweep:
    """`every` is the seconds between two sweeps: the pause after a delivery's first redelivery, which then doubles."""

    type = "sweep"

    def __init__(self, hooks: Hooks, store: SweepStore, every: float) -> None:
        self._hooks = hooks
        self._store = store
        self._every = every

    async def run(self, desk: Desk) -> Outcome:
        now = desk.now()
        since = max(float(await self._store.mark("sweep") or 0.0), now - REDELIVERABLE_SECONDS)
        attempts = await self._hooks.hook_deliveries(since)
        missing = unheard(attempts, await self._store.known_guids([each.guid for each in attempts]))
        due = [tries[-1] for tries in missing if is_due(tries, now, self._every)]
        refused = 0
        for each in due:
            landed = await desk.perform(_redelivery(each))
            if isinstance(landed.stop, Retry | Waiting):
                return landed.stop
            # What GitHub refuses to redeliver must not hold up what came after it.
            refused += landed.stop is not None
        # The mark stays before the oldest delivery that is still missing, so that the next sweep sees all its attempts.
        oldest = min((tries[0].delivered_at for tries in missing), default=now)
        marks = {"sweep": str(min(oldest, now) - OVERLAP_SECONDS)}
        asked = {"asked": len(due) - refused, "refused": refused}
        return Done({"attempts": len(attempts), "missing": len(missing), **asked}, marks=marks)


def by_delivery(attempts: Sequence[HookDelivery]) -> list[list[HookDelivery]]:
    """The attempts of each delivery, oldest first."""
    found: dict[str, list[HookDelivery]] = {}
    for attempt in sorted(attempts, key=lambda each: (each.delivered_at, each.id)):
        found.setdefault(attempt.guid, []).append(attempt)
    return list(found.values())


def unheard(attempts: Sequence[HookDelivery], known: frozenset[str]) -> list[list[HookDelivery]]:
    """The attempts of each delivery that failed every time and is not stored here."""
    return [
        tries for tries in by_delivery(attempts) if tries[0].guid not in known and not any(each.ok for each in tries)
    ]


def is_due(tries: Sequence[HookDelivery], now: float, every: float) -> bool:
    """Whether to ask again: at once after the first failure, then after pauses of `every`, 3, 7, 15 … times as long, so
    that what always fails is asked for a dozen times in its three days."""
    pause: float = every * (2 ** (len(tries) - 1) - 1)
    return now - tries[-1].delivered_at >= pause


def _redelivery(attempt: HookDelivery) -> Redelivery:
    return Redelivery(
        repo=Repo(0, 0, ""),
        subject=f"delivery/{attempt.guid}",
        worker="sweep",
        purpose=str(attempt.id),
        hook_delivery=attempt.id,
        guid=attempt.guid,
    )
