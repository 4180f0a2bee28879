"""Bounded child processes, as `ports.children` asks. Built by assembly; used by the git and analyser adapters.

A child gets a process group of its own and an environment made from nothing, with a HOME that is removed afterwards.
util-linux's `prlimit` and `setpriv` set its limits and have the kernel end it when we die: nothing runs without them. A
`preexec_fn` would do the same, but can deadlock in a process with threads. This bounds honest programs on hostile
input. It does not contain hostile programs.
"""

import asyncio
import contextlib
import math
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from forgehand.ports.children import Finished, Limits

T = TypeVar("T")
NOT_FOUND = 127
"""The code a shell gives to a command that is not there."""
_LAST_WORDS = 5.0


class ChildProcesses:
    """Runs programs found on `path` (default: our own PATH). HOMEs are made in `scratch` (default: the system's)."""

    def __init__(self, path: str = "", scratch: Path | None = None) -> None:
        self._path = path or os.environ.get("PATH", os.defpath)
        self._scratch = scratch

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> Finished:
        program = shutil.which(argv[0], path=self._path)
        if program is None:
            return Finished(NOT_FOUND, b"", f"{argv[0]}: not found".encode(), 0.0)
        leash = _leash(limits)
        if leash is None:
            return Finished(NOT_FOUND, b"", _NO_LEASH, 0.0)
        with tempfile.TemporaryDirectory(
            prefix="forgehand-child-", dir=self._scratch, ignore_cleanup_errors=True
        ) as home:
            given = {"PATH": self._path, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", **(env or {})}
            return await _run([*leash, program, *argv[1:]], cwd, given, stdin, limits)


_NO_LEASH = b"prlimit and setpriv of util-linux are not installed, and no program runs here without its limits"


def _leash(limits: Limits) -> list[str] | None:
    prlimit, setpriv = shutil.which("prlimit"), shutil.which("setpriv")
    if prlimit is None or setpriv is None:
        return None
    processor = math.ceil(limits.seconds * (os.cpu_count() or 1)) + 1
    bounds = {"core": 0, "as": limits.memory, "fsize": limits.file, "cpu": processor, "nofile": limits.files}
    held = [f"--{name}={value}" for name, value in bounds.items()]
    return [prlimit, *held, "--", setpriv, "--pdeathsig", "KILL", "--"]


async def _run(argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: bytes, limits: Limits) -> Finished:
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    starting = asyncio.create_task(
        loop.subprocess_exec(lambda: _Child(limits.output), *argv, cwd=cwd, env=dict(env), start_new_session=True)
    )
    timed_out = False
    try:
        transport, child = await asyncio.shield(starting)
        _feed(transport, stdin)
        async with asyncio.timeout(limits.seconds):
            await child.exited.wait()
    except TimeoutError:
        timed_out = True
    finally:
        transport, child = await in_any_case(starting)
        # Whatever the child started and left behind goes too, or it would hold the pipes open.
        _kill_group(transport.get_pid())
        await _gone(transport, child)
    code = transport.get_returncode()
    seconds = time.monotonic() - started
    return Finished(-1 if code is None else code, child.text(1), child.text(2), seconds, timed_out, child.cut)


class _Child(asyncio.SubprocessProtocol):
    """Collects both streams up to a limit and notes the end of the process and of its pipes, apart."""

    def __init__(self, limit: int) -> None:
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()
        self.cut = False
        self._limit = limit
        self._kept: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}

    def text(self, stream: int) -> bytes:
        return bytes(self._kept[stream])

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        room = self._limit - len(self._kept[fd])
        self._kept[fd] += data[: max(0, room)]
        self.cut = self.cut or len(data) > room

    def process_exited(self) -> None:
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def in_any_case(starting: asyncio.Task[T]) -> T:
    """What starts is there in a moment, and may run already: whoever is cancelled meanwhile must not leave it. asyncio
    itself would kill the child alone, and wait for as long as anything below it holds the pipes."""
    while not starting.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([starting])
    return starting.result()


def _feed(transport: asyncio.SubprocessTransport, stdin: bytes) -> None:
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        if stdin:
            pipe.write(stdin)
        pipe.close()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def _gone(transport: asyncio.SubprocessTransport, child: _Child) -> None:
    """Reap it and read its last words, also while we are being cancelled."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await child.closed.wait()
    finally:
        transport.close()
