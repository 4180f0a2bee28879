"""Child processes, bounded: own process group that dies with us, cleared environment, limits. By `adapters.sandbox`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` of wall clock, and as many of each processor. In bytes: `memory` of address space, `file` that any one
    file may grow to, `output` kept of each stream. `files` open at once."""

    seconds: float = 60.0
    memory: int = 4 * 1024**3
    file: int = 1024**3
    files: int = 1024
    output: int = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Finished:
    """`code` is the exit code, negative for a signal; `timed_out` when the limit killed it; `cut` when output was."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    cut: bool = False


class Children(Protocol):
    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits = Limits(),
    ) -> Finished:
        """Run to the end. `env` is added to a minimal environment (PATH, HOME in a private folder, LANG); nothing else
        is inherited. Cancelling the await kills the whole process group. What cannot be started, or not be held to its
        limits on this machine, ends with code 127 and says why on `stderr`."""
        ...
