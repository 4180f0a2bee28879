"""The words that live pages hear: one vocabulary for server-sent events. Sent by the web, made from stored rows."""

from dataclasses import dataclass
from typing import Literal

Topic = Literal["delivery", "job", "effect", "control"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Something changed: look again at `topic` `id`. Carries no content, so nothing secret can leak through it."""

    topic: Topic
    id: str
