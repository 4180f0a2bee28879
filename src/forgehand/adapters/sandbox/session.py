"""One run in a prepared tier: feed the archive in, keep what comes out within bounds, and leave nothing behind.

Called by `ladder`; the tiers say with what command line, folder and user.
"""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from forgehand.adapters.sandbox.cgroups import Group, group
from forgehand.adapters.sandbox.children import in_any_case
from forgehand.adapters.sandbox.inside import NOT_STARTED, Room, environment, script
from forgehand.adapters.sandbox.output import HeadAndTail
from forgehand.adapters.sandbox.packing import Returned, read_returned
from forgehand.adapters.sandbox.users import QUIET
from forgehand.adapters.sandbox.watching import Watched, watch
from forgehand.ports.sandbox import Ran, SandboxFailed, Stopped, Task

_LAST_WORDS = 5.0
_NO_ROOM = re.compile(rb"No space left on device|File too large|Disk quota exceeded|ENOSPC|EFBIG")
_NO_FORK = re.compile(
    rb"Resource temporarily unavailable|Cannot fork|BlockingIOError: \[Errno 11\]|can't start new thread|EAGAIN"
)
_NO_MEMORY = re.compile(rb"MemoryError|Cannot allocate memory|out of memory|OutOfMemory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a tier made for one run. `members` gives the run's processes, from the pid that we started; `written` the
    bytes on a disk that has no limit of its own."""

    argv: list[str]
    room: Room
    single_user: bool
    members: Callable[[int], Iterable[int]]
    written: Callable[[], int] = lambda: 0
    pass_fds: tuple[int, ...] = ()
    readable: tuple[Path, ...] = ()


async def run_in(prepared: Prepared, task: Task) -> Ran:
    """Run the task. Raises SandboxFailed where it did not come to that."""
    inside = script(task, prepared.room, single_user=prepared.single_user)
    env = environment(task, prepared.room, [str(path) for path in prepared.readable])
    given = ["env", "-i", *(f"{name}={value}" for name, value in env.items())]
    with contextlib.ExitStack() as files:
        archive = files.enter_context(_reading(task.tree))
        keep = files.enter_context(_writing(task.keep)) if task.keep else None
        returned = _Stream(task.bounds.disk + 1024**2 if keep else task.bounds.reports, keep)
        run = _Run(HeadAndTail(task.bounds.output))
        started = time.monotonic()
        async with group(task.bounds) as limits:
            argv = limits.entering([*prepared.argv, *given, *inside])
            stopped = await run.through(argv, archive, returned, prepared, task, limits)
            ran = _told(run, returned, stopped, limits, task, time.monotonic() - started)
            return replace(ran, tree=prepared.room.tree)


def _reading(path: Path) -> BinaryIO:
    return open(path, "rb")


def _writing(path: Path) -> BinaryIO:
    return open(path, "wb")


def _told(run: "_Run", returned: "_Stream", stopped: Stopped | None, limits: Group, task: Task, seconds: float) -> Ran:
    if task.keep is None:
        back = read_returned(bytes(returned.kept), cut=returned.cut)
    else:
        back = read_returned(bytes(returned.line), cut=False)
    output = run.output.text()
    if run.code == NOT_STARTED and back.code is None and stopped is None:
        raise SandboxFailed(f"the work tree could not be unpacked: {_last_line(output)}")
    code = run.code if back.code is None or stopped else back.code
    if stopped is None and (code != 0 or returned.cut):
        stopped = _cause(code, output, back, limits, returned.cut and task.keep is not None)
    return Ran(code, output, seconds, stopped, run.output.cut, back.files, back.lost)


def _cause(code: int, output: bytes, back: Returned, limits: Group, overflowed: bool) -> Stopped | None:
    """Which bound a failed run met: by what the kernel counted, else by what the run itself complained of."""
    end = output[-65_536:]
    if limits.out_of_memory:
        return Stopped.MEMORY
    if limits.out_of_processes or _NO_FORK.search(end):
        return Stopped.PROCESSES
    if overflowed or back.disk_full or code == 128 + signal.SIGXFSZ or _NO_ROOM.search(end):
        return Stopped.DISK
    if _NO_MEMORY.search(end):
        return Stopped.MEMORY
    return Stopped.TIME if code == 128 + signal.SIGXCPU else None


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it says nothing"


@dataclass(slots=True)
class _Stream:
    """What comes back on the channel: its first line and then, up to a limit, the rest, in memory or in a file."""

    limit: int
    file: BinaryIO | None = None
    kept: bytearray = field(default_factory=bytearray)
    line: bytearray = field(default_factory=bytearray)
    cut: bool = False
    _room_used: int = 0

    def add(self, data: bytes) -> None:
        if self.file is not None and b"\n" not in self.line:
            head, newline, data = data.partition(b"\n")
            self.line += (head + newline)[: 256 - len(self.line)]
        room = self.limit - self._room_used
        self.cut = self.cut or len(data) > room
        data = data[: max(0, room)]
        self._room_used += len(data)
        if self.file is None:
            self.kept += data
        else:
            self.file.write(data)


class _Run:
    """The process that we start, and everything below it."""

    def __init__(self, output: HeadAndTail) -> None:
        self.output = output
        self.code = -1

    async def through(
        self, argv: list[str], archive: BinaryIO, returned: _Stream, prepared: Prepared, task: Task, limits: Group
    ) -> Stopped | None:
        """Start, wait and clean up; gives the bound that we had to enforce ourselves."""
        loop = asyncio.get_running_loop()
        output, channel = _Reader(self.output.add), _Reader(returned.add)
        with _pipe() as back, _pipe() as out:
            listening = await loop.connect_read_pipe(lambda: channel, os.fdopen(os.dup(back[0]), "rb", buffering=0))
            hearing = await loop.connect_read_pipe(lambda: output, os.fdopen(os.dup(out[0]), "rb", buffering=0))
            starting = asyncio.create_task(self._start(argv, archive, out[1], back[1], prepared))
            try:
                process = await asyncio.shield(starting)
            except BaseException:
                with contextlib.suppress(OSError):
                    _kill((await in_any_case(starting)).pid, limits)
                listening[0].close()
                hearing[0].close()
                raise
        try:
            watched = Watched(lambda: prepared.members(process.pid), prepared.written, lambda: limits.out_of_memory)
            return await self._ended(process, watched, task)
        finally:
            _kill(process.pid, limits)
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_WORDS):
                        self.code = _as_a_shell_says(await process.wait())
                        await output.closed.wait()
                        await channel.closed.wait()
            finally:
                listening[0].close()
                hearing[0].close()

    async def _start(
        self, argv: list[str], archive: BinaryIO, out: int, back: int, prepared: Prepared
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=archive, stdout=back, stderr=out, env=QUIET, cwd="/", start_new_session=True,
            pass_fds=prepared.pass_fds,
        )  # fmt: skip

    async def _ended(self, process: asyncio.subprocess.Process, watched: Watched, task: Task) -> Stopped | None:
        watching = asyncio.create_task(watch(watched, task.bounds))
        ending = asyncio.create_task(process.wait())
        try:
            done, _ = await asyncio.wait(
                {watching, ending}, timeout=task.bounds.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return Stopped.TIME
            return watching.result() if watching in done and ending not in done else None
        finally:
            for each in (watching, ending):
                each.cancel()
            await asyncio.gather(watching, ending, return_exceptions=True)


class _Reader(asyncio.Protocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self.closed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def _kill(pid: int, limits: Group) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    limits.kill()


def _as_a_shell_says(code: int) -> int:
    return 128 - code if code < 0 else code
