"""The product's processes as tests start them: `python -m support.product_process ROLE …`, settings as JSON on standard
input. Exactly what `forgehand serve` and `forgehand worker` run, with a listener on the steps that can kill or freeze
the process at one of them, once.
"""

import asyncio
import json
import math
import os
import signal
import sys
import time
from pathlib import Path

from forgehand.adapters.sql import store as sql_store
from forgehand.assembly import worker_child
from forgehand.assembly.build import opened
from forgehand.assembly.logs import set_up_logs
from forgehand.assembly.serve import Addresses, serve
from forgehand.assembly.settings import Settings
from forgehand.assembly.worker_process import main as worker_main
from forgehand.assembly.worker_process import work
from forgehand.engine.steps import Step, Steps, silent


def stopper(trap: str) -> Steps:
    """`trap` is `STEP|ABOUT|HOW|FILE`: at this step do HOW (`worker`: kill this process, `both`: its parent too,
    `freeze`: wait there for FILE.frozen, to be frozen meanwhile), unless FILE exists; it is made first, so that it
    happens once over all processes."""
    if not trap:
        return silent
    step, about, how, mark = trap.split("|")

    def at(now: Step, what: str) -> None:
        if now != step or what != about:
            return
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        if how == "freeze":
            while not Path(f"{mark}.frozen").exists():
                time.sleep(0.01)
            return
        if how == "both":
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    return at


def main() -> int:
    role, trap = sys.argv[1], sys.argv[2]
    if "|freeze|" in trap:
        # The worker is to be woken, however long the other one takes, and not to be shot for its silence before.
        worker_child.WEDGED_SECONDS = math.inf
    if role == "child":
        # `serve` put the two pipe ends after our own arguments.
        sys.argv[1:] = sys.argv[3:]
        worker_main(steps=stopper(trap))
        return 0
    settings = Settings.from_json(sys.stdin.buffer.readline())
    # The practice forge sends nothing again by itself: on a machine that stands still for a moment nothing may be lost.
    sql_store.PATIENCE_SECONDS = 30.0
    if role == "worker":
        set_up_logs(settings)
        asyncio.run(_work(settings, trap))
        return 0
    # Only the step of the receipt happens in the server; killing "both" there is killing itself.
    mine = trap.replace("|both|", "|worker|") if trap.startswith(Step.DELIVERY_RECORDED) else ""
    return serve(settings, _tell, worker=("-m", "support.product_process", "child", trap), steps=stopper(mine))


async def _work(settings: Settings, trap: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with opened(settings, steps=stopper(trap)) as app:
        Path(settings.data_dir, "working").touch()
        await work(app, stop)


def _tell(addresses: Addresses) -> None:
    print(json.dumps([addresses.webhook_url, addresses.admin_url, addresses.sign_in_url]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
