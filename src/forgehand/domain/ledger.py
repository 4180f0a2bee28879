"""The ledger: per slot, what we meant to write, what we sent, and what we know came of it. Kept by `engine.gate`.

intended ──▶ sending(fence, at) ──▶ done(receipt)
    ▲              │  ▲
    └── rejected ──┘  └── unknown: sent, not found again, and not safe to repeat without a person
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from forgehand.domain.repositories import Repo

FOUND = "it was there before anything of ours was sent for it"
"""What an entry says of an object that others made."""


class EffectState(StrEnum):
    INTENDED = "intended"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    """The gate said no; `why` says why. Nothing was sent."""
    REJECTED = "rejected"
    """The server said no; `why` says what it answered."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One slot. `version` counts writes of the row (0: not stored yet) and is what a write compares against.
    `digest` and `generation` are the revision; `content` is what the revision says, for the audit page (at most 64 KB,
    else cut). `sent_at` and `updated_at` are epoch seconds."""

    slot: str
    kind: str
    repo: Repo
    subject: str
    worker: str
    purpose: str
    sha: str
    digest: str
    generation: int
    state: EffectState
    summary: str
    job: str
    delivery: str | None = None
    fence: int = 0
    sent_at: float | None = None
    remote_id: str | None = None
    remote_url: str | None = None
    why: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    updated_at: float = 0.0
    version: int = 0

    @property
    def sent(self) -> bool:
        """Whether it happened, or may have: nobody can say any more that it did not."""
        return self.state in (EffectState.SENDING, EffectState.DONE, EffectState.UNKNOWN)

    @property
    def ours(self) -> bool:
        """Whether what is found for this slot is of our making, as far as can be known: we sent something for it, and
        looked before."""
        sent = self.state in (EffectState.SENDING, EffectState.DONE) or self.remote_id is not None
        return sent and self.why != FOUND
