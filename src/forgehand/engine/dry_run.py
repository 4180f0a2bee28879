"""A gate that stops before the world: what a dry run has instead of `engine.gate`. It reads the ledger and writes
nothing anywhere."""

from dataclasses import dataclass, field

from forgehand.domain.effects.base import Effect
from forgehand.domain.jobs import Job
from forgehand.domain.ledger import EffectState
from forgehand.engine.gate import refuse
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.store import Ledger


@dataclass(frozen=True, slots=True)
class Preview:
    """What would have become of one effect."""

    effect: Effect
    landing: Landing
    why: str


@dataclass
class DryGate:
    """Collects a preview of every effect asked for."""

    store: Ledger
    previews: list[Preview] = field(default_factory=list)

    async def perform(self, effect: Effect, job: Job) -> Landed:
        entry = await self.store.entry(effect.slot)
        if why := refuse(effect, job, entry):
            landed = Landed(Landing.REFUSED, why)
        elif entry and entry.state is EffectState.DONE and entry.digest == effect.digest:
            landed = Landed(Landing.UNCHANGED, "it is there already", url=entry.remote_url or "")
        else:
            edit = entry is not None and entry.remote_id is not None
            landed = Landed(Landing.WOULD, "it would be edited" if edit else "it would be created")
        self.previews.append(Preview(effect, landed.landing, landed.why))
        return landed
