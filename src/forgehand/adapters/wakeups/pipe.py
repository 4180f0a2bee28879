"""`PipeWakeups`: `forgehand serve` wakes its worker child by a byte in a pipe. Made by `assembly` on both sides."""

import asyncio
import contextlib
import os
from collections.abc import Sequence

from forgehand.adapters.wakeups.in_process import InProcessWakeups


def wakeup_pipe() -> tuple[int, int]:
    """A non-blocking pipe: the end to read (give it to the child with `pass_fds`), and the end to write."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


class PipeWakeups:
    """The parent is given `write`, and hints into the pipe. The child is given `read`: it waits for the pipe, and its
    own hints wake itself. Closes what it was given."""

    def __init__(self, *, read: int | None = None, write: int | None = None) -> None:
        self._read = read
        self._write = write
        self._hinting = False
        self._here = InProcessWakeups()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def hint(self, job_ids: Sequence[str]) -> None:
        if self._write is None:
            self._here.ring()
        elif not self._hinting:
            # Deliveries that share a commit share the byte: it is written once all of them had their turn.
            self._hinting = True
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._hinting = False
        if self._write is not None:
            # A full pipe has hints enough; a broken one has nobody left to wake.
            with contextlib.suppress(OSError):
                os.write(self._write, b"!")

    async def wait(self, timeout: float) -> None:
        self._listen()
        await self._here.wait(timeout)

    async def close(self) -> None:
        self._stop_listening()
        if self._hinting:
            self._wake()
        for end in (self._read, self._write):
            if end is not None:
                os.close(end)
        self._read = self._write = None
        await self._here.close()

    def _listen(self) -> None:
        if self._read is not None and self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._read, self._drain, self._read)

    def _drain(self, read: int) -> None:
        try:
            hints = os.read(read, 65_536)
        except BlockingIOError:
            return
        if hints:
            self._here.ring()
        else:
            # The parent is gone: an ended pipe stays readable, and would wake the loop for ever.
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._loop is not None and self._read is not None:
            self._loop.remove_reader(self._read)
