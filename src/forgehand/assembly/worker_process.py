"""The warm worker process: what runs jobs, and what keeps them running. A child of `serve`, or `forgehand worker`.

As a child it is woken through one pipe and shows through another, once a second, that its event loop turns; when its
standard input ends, its parent is gone and it stops.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import structlog

from forgehand.assembly.build import App, Crew, opened, working
from forgehand.assembly.data_folder import refuse_unusable
from forgehand.assembly.logs import set_up_logs
from forgehand.assembly.own_process import close_to_neighbours, give_way, spare_what_stays
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.assembly.workers import BUILT_IN, BuiltIn
from forgehand.engine.steps import Steps, silent
from forgehand.ports.github import GitHubError, NotPermitted

PULSE_SECONDS = 1.0
REFUSED_BY_GITHUB = 78
"""The exit code of a worker whose App GitHub does not accept: EX_CONFIG of sysexits.h."""

log = structlog.get_logger(__name__)


async def work(app: App, stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set. Exits with REFUSED_BY_GITHUB when GitHub does not accept the App's credentials:
    that is said at once, rather than by every job."""
    try:
        async with working(app) as crew:
            await _sign_in(crew)
            await crew.rescue.once_or_later()
            spare_what_stays()
            async with asyncio.TaskGroup() as together:
                together.create_task(crew.rescue.run(stop))
                together.create_task(crew.schedule.run(stop))
                together.create_task(crew.projector.run(stop))
                together.create_task(crew.runner.run(stop))
    except (NotPermitted, SettingsError) as refused:
        log.error("github.refused", why=str(refused))
        raise SystemExit(REFUSED_BY_GITHUB) from None


async def _sign_in(crew: Crew) -> None:
    try:
        log.info("github.signed_in", app=await crew.sign_in())
    except NotPermitted:
        raise
    except GitHubError as error:
        # It may answer later; until then jobs are tried again.
        log.warning("github.unreachable", why=error.why)


async def work_alone(settings: Settings) -> None:
    """`forgehand worker`: until SIGTERM or SIGINT. Raises SettingsError where the data folder cannot be used."""
    refuse_unusable(settings)
    close_to_neighbours()
    async with opened(settings) as app:
        await work(app, _stop_on_signals())


async def work_for_parent(
    settings: Settings, wake_fd: int, pulse_fd: int, built_in: Sequence[BuiltIn] = BUILT_IN, steps: Steps = silent
) -> None:
    """The child of `serve`: also until the parent's end of our standard input closes."""
    from forgehand.adapters.wakeups import PipeWakeups

    stop = _stop_on_signals()
    _stop_with_parent(stop)
    pulse = asyncio.create_task(_show_pulse(pulse_fd))
    # On PostgreSQL other machines wake us too, so the pipe would be one ear too few.
    shared = settings.shared_database
    async with opened(
        settings, wakeups=None if shared else PipeWakeups(read=wake_fd), built_in=built_in, steps=steps
    ) as app:
        await work(app, stop)
    pulse.cancel()


def main(built_in: Sequence[BuiltIn] = BUILT_IN, steps: Steps = silent) -> None:
    """Started by `serve` as `python -m`: the settings come as JSON on the first line of standard input."""
    wake_fd, pulse_fd = int(sys.argv[1]), int(sys.argv[2])
    close_to_neighbours()
    give_way()
    settings = Settings.from_json(sys.stdin.buffer.readline())
    set_up_logs(settings)
    asyncio.run(work_for_parent(settings, wake_fd, pulse_fd, built_in, steps))


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


def _stop_with_parent(stop: asyncio.Event) -> None:
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

    def heard() -> None:
        if not os.read(stdin, 4096):
            loop.remove_reader(stdin)
            stop.set()

    loop.add_reader(stdin, heard)


async def _show_pulse(fd: int) -> None:
    os.set_blocking(fd, False)
    while True:
        with suppress(OSError):
            os.write(fd, b".")
        await asyncio.sleep(PULSE_SECONDS)


if __name__ == "__main__":
    main()
