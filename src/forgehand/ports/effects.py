"""Performing effects: one `Performer` per kind, in `adapters.github`. Only `engine.gate` calls them.

Verbs raise `ports.github` errors: `Unreachable` from `perform` is ambiguous (it may have happened) where it says
`sent`; the others are not: nothing happened.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from forgehand.domain.effects.base import Effect


@dataclass(frozen=True, slots=True)
class Receipt:
    """What GitHub has. `remote_id` names it for later edits; `surplus` are ids of doubles that should not exist."""

    remote_id: str
    url: str = ""
    surplus: tuple[str, ...] = ()


E_contra = TypeVar("E_contra", bound=Effect, contravariant=True)


class Performer(Protocol[E_contra]):
    repeatable: bool
    """Whether sending it a second time, after looking, is safe when it was not found. Where False, an effect that may
    have been sent and is not found becomes `unknown`."""

    async def find(self, effect: E_contra, remote_id: str | None) -> Receipt | None:
        """The remote object of the effect's slot, if there is one: by `remote_id` when known, else by its natural key
        or our marker on an object of our own App, lists read to the last page; the lowest id wins, others are surplus.
        """
        ...

    async def perform(self, effect: E_contra, existing: Receipt | None, send_before: float) -> Receipt:
        """Create it, or bring `existing` to the effect's content. Sends nothing after `send_before` (epoch seconds):
        `TooLate`. Never retries a POST by itself."""
        ...

    async def tidy(self, effect: E_contra, receipt: Receipt, send_before: float) -> Receipt:
        """After a create: list again; where doubles exist, keep the lowest id and remove the rest if the API can."""
        ...
