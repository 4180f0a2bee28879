"""Whether what was planned for one attempt of a run still counts: a run that was repeated says so anew. Pure; called by
`approval` and `source_again`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Last:
    """The last attempt of a run: its number, 0 where the run is gone, and whether it is over."""

    attempt: int = 0
    ended: bool = False


def overtaken(attempt: int, last: Last) -> str:
    """Why what was planned for this attempt counts no more, as a sentence; empty where it does."""
    if not last.attempt:
        return "The run is gone."
    if last.attempt != attempt:
        return f"The run was repeated since: what waits is of attempt {attempt}, and its last is {last.attempt}."
    return "" if last.ended else "The run goes on again."
