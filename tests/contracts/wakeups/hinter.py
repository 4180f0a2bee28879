"""Run as another process by `test_between_processes`: hint once, by what its arguments name."""

import asyncio
import sys

from forgehand.adapters.procrastinate import ProcrastinateWakeups
from forgehand.adapters.wakeups import PipeWakeups


async def main(kind: str, where: str) -> None:
    wakeups = ProcrastinateWakeups(where) if kind == "postgres" else PipeWakeups(write=int(where))
    await wakeups.hint(["job-1"])
    await wakeups.close()


asyncio.run(main(*sys.argv[1:]))
