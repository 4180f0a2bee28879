"""The worker process as the server sees it: started, woken, watched, restarted, stopped. Used by `serve`."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from forgehand.adapters.wakeups import wakeup_pipe
from forgehand.assembly.own_process import worker_environment
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.assembly.worker_process import PULSE_SECONDS, REFUSED_BY_GITHUB

log = structlog.get_logger(__name__)

WEDGED_SECONDS = 90.0
"""A worker whose event loop has not turned for so long is killed; its leases were no longer renewed after 60."""

GOODBYE_SECONDS = 30.0
"""How long it may take to end: its jobs get twenty of them."""


class WorkerChild:
    """The worker process beside the server: started, woken, watched, restarted, and stopped with it."""

    def __init__(self, settings: Settings, how: Sequence[str]) -> None:
        self._settings = settings
        self._how = how
        self._process: asyncio.subprocess.Process | None = None
        self.wake_read, self.wake_write = wakeup_pipe()
        self._pulse_read, self._pulse_write = os.pipe()
        self._last_pulse = time.monotonic()

    async def supervise(self, stop: asyncio.Event) -> None:
        """Keep one worker running until `stop`. One that dies is started again, after a pause that grows while it keeps
        dying. Raises SettingsError when the first one finds that GitHub refuses the App's credentials."""
        os.set_blocking(self._pulse_read, False)
        deaths, first = 0, True
        stopping = asyncio.ensure_future(stop.wait())
        while not stop.is_set():
            started = time.monotonic()
            self._process = await self._start()
            if stop.is_set():
                await self.stop()
            await self._watch(self._process)
            if stop.is_set():
                return
            if first and self._process.returncode == REFUSED_BY_GITHUB:
                raise SettingsError("GitHub refuses the App's credentials; the line above says why")
            first, deaths = False, (0 if time.monotonic() - started > 60 else deaths + 1)
            log.error("worker.died", code=self._process.returncode, again=deaths)
            pause = min(0.2 * 2 ** min(deaths, 8), 30.0) if deaths > 1 else 0.0
            await asyncio.wait([stopping], timeout=pause)

    async def stop(self) -> None:
        """Ask it to finish, and insist after a while."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GOODBYE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._how,
            str(self.wake_read),
            str(self._pulse_write),
            env=worker_environment(),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(self.wake_read, self._pulse_write),
        )
        assert process.stdin is not None
        process.stdin.write(self._settings.to_json() + b"\n")
        with suppress(ConnectionError):
            await process.stdin.drain()
        self._last_pulse = time.monotonic()
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Return once it is dead; kill it when its event loop stands still."""
        waiting = asyncio.create_task(process.wait())
        while not waiting.done():
            await asyncio.wait([waiting], timeout=PULSE_SECONDS)
            with suppress(BlockingIOError):
                if os.read(self._pulse_read, 65536):
                    self._last_pulse = time.monotonic()
            if time.monotonic() - self._last_pulse > WEDGED_SECONDS and process.returncode is None:
                log.error("worker.wedged", pid=process.pid)
                process.kill()
