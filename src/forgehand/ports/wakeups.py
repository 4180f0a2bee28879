"""Wake-ups: hints that a job may be due. Losing or doubling one is harmless; `engine.runner` looks by itself too."""

from collections.abc import Sequence
from typing import Protocol


class Wakeups(Protocol):
    async def hint(self, job_ids: Sequence[str]) -> None:
        """Tell workers that these jobs (or, with none, some job) may be due. Never raises: a lost hint is healed."""
        ...

    async def wait(self, timeout: float) -> None:
        """Return when hinted, or after `timeout` seconds. Hints that came before count once."""
        ...

    async def close(self) -> None: ...
