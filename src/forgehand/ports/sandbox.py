"""Where a repository's own code runs: hostile until shown otherwise. Implemented by `adapters.sandbox`.

What goes in is an archive, what comes out is output, an exit code and the reports asked for: never a shared folder. All
that comes out is a claim of the code that ran: it is bounded in size, and whoever reads it takes it for a stranger's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

REPORTS = "FORGEHAND_REPORTS"
"""The variable that names, inside, the folder outside the work tree whose files all come back."""


class Tier(StrEnum):
    """The ladder, the strongest first as it is tried."""

    CONTAINER = "container"
    """The operator says that this process is isolated already; the code runs as another user of it."""
    BWRAP = "bwrap"
    USERNS = "userns"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Strength:
    """Which tier holds on this machine. `says` is for people; `remedy` is what would make it stronger."""

    tier: Tier
    says: str
    remedy: str = ""

    @property
    def works(self) -> bool:
        return self.tier is not Tier.NONE

    @property
    def strong(self) -> bool:
        """Whether strangers' code may run in it."""
        return self.tier in (Tier.CONTAINER, Tier.BWRAP)


@dataclass(frozen=True, slots=True)
class Bounds:
    """`seconds` of wall clock. In bytes: `memory` of all processes together, `disk` written in all, `file` that any one
    file may grow to, `output` kept, `reports` brought back in all. `files` open at once, in each process."""

    seconds: float = 900.0
    memory: int = 2 * 1024**3
    processes: int = 512
    disk: int = 2 * 1024**3
    file: int = 512 * 1024**2
    files: int = 4096
    output: int = 256 * 1024
    reports: int = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Task:
    """`command` is for a shell, at the top of the work tree that the tar archive `tree` holds. `env` is added to an
    environment made from nothing. `collect` are the work tree's files to bring back, as patterns of `find -path`;
    everything below the folder that `REPORTS` names comes back too. `keep`: where to write the work tree afterwards, as
    an archive that another task may start from."""

    command: str
    tree: Path
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    collect: Sequence[str] = ()
    keep: Path | None = None
    bounds: Bounds = Bounds()


class Stopped(StrEnum):
    """Which bound ended it, or made it fail."""

    TIME = "time"
    MEMORY = "memory"
    DISK = "disk"
    PROCESSES = "processes"


@dataclass(frozen=True, slots=True)
class Ran:
    """`code` is the shell's: above 128 for a signal. `output` is both streams as they came, `cut` in its middle where
    there was more than is kept. `files` are the reports by name: `reports/junit.xml`, `tree/coverage.json`; `lost` says
    why some are missing. `tree` is where the work tree stood: absolute paths in reports begin so."""

    code: int
    output: bytes
    seconds: float
    stopped: Stopped | None = None
    cut: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    lost: str = ""
    tree: str = ""


class SandboxFailed(Exception):
    """The task could not be run at all; `why` says what to mend."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Sandbox(Protocol):
    async def strength(self) -> Strength:
        """Found by trying, once."""
        ...

    async def run(self, task: Task) -> Ran:
        """Run to the end. Whatever it leaves running is killed; cancelling the await kills everything. Raises
        SandboxFailed where no tier works, or the machine fails it."""
        ...
