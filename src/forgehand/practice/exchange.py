"""One call on its way through the forge. Made by `api`, read by `git_http` and the pages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forgehand.practice.auth import ANONYMOUS, Caller
from forgehand.practice.faults import Fault
from forgehand.practice.router import Route


@dataclass
class Exchange:
    """One call on its way through: what was asked, and what becomes known of it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    abort: Callable[[], None]
    started: float
    found: tuple[Route, dict[str, str]] | None = None
    json: Any = None
    caller: Caller = ANONYMOUS
    landed: bool = False
    fault: Fault | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def template(self) -> str | None:
        return self.found[0].template if self.found else None
