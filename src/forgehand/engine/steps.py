"""The steps between a receipt and an effect, by name, so that a test can stop the process at each of them.

Everything that must survive a crash announces its step; assembly passes a silent listener, fault tests one that kills.
"""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    DELIVERY_RECORDED = "delivery recorded"
    """Durable, but not yet acknowledged to GitHub."""
    JOB_CLAIMED = "job claimed"
    JOB_SETTLING = "job settling"
    """The work is done; its outcome is not yet stored."""
    JOB_SETTLED = "job settled"
    EFFECT_INTENDED = "effect intended"
    EFFECT_LOOKED_UP = "effect looked up"
    EFFECT_SENDING = "effect sending"
    """Marked as sending; nothing is on the wire."""
    EFFECT_PERFORMED = "effect performed"
    """GitHub answered; the receipt is not yet stored."""
    EFFECT_RECEIPTED = "effect receipted"


Steps = Callable[[Step, str], None]
"""Called with the step and what it is about: an event name, a job type or an effect kind."""


def silent(step: Step, about: str) -> None:
    """Nobody listens."""
