"""Looks at a run from outside, several times a second: how much memory and how many processes it has, and in the tier
without a disk of its own, how much it wrote. Called by `session`; Linux's /proc only.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from forgehand.ports.sandbox import Bounds, Stopped

EVERY = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Watched:
    """How to look at a run. `members` gives its processes, `written` its bytes on a disk that has no limit of its own,
    `killed` whether the kernel ended one of it for want of memory: the others might wait for that one for ever."""

    members: Callable[[], Iterable[int]]
    written: Callable[[], int]
    killed: Callable[[], bool]


async def watch(run: Watched, bounds: Bounds) -> Stopped:
    """Ends with the bound that was passed; never, while all are kept."""
    while True:
        await asyncio.sleep(EVERY)
        if passed := await asyncio.to_thread(_passed, run, bounds):
            return passed


def _passed(run: Watched, bounds: Bounds) -> Stopped | None:
    pids = list(run.members())
    # The shell and the tier's own processes are not the code's.
    if len(pids) > bounds.processes + 8:
        return Stopped.PROCESSES
    if run.killed() or sum(map(_resident, pids)) > bounds.memory:
        return Stopped.MEMORY
    return Stopped.DISK if run.written() > bounds.disk else None


def descendants(pid: int) -> Iterable[int]:
    """A process and all below it. In a process namespace nothing gets out of this: orphans go to its first process."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                with contextlib.suppress(OSError):
                    waiting += map(int, (task / "children").read_text().split())


def owned_by(uid: int, *, unreaped: bool = False) -> Iterable[int]:
    """All processes of a user; those that only wait to be reaped where they are asked for, too."""
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if entry.stat().st_uid == uid and (unreaped or not _ended(int(entry.name))):
                        yield int(entry.name)


def _ended(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"


def _resident(pid: int) -> int:
    """Memory of its own: what is shared, as between a parent and the copies it made, counts for none."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE
