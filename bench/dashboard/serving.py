"""The admin port alone, on a store that is there: its port and a one-time link on standard output. Run by `__main__` as

    python -m bench.dashboard.serving DATABASE_URL

The clock stands still at the end of the history, so that what is "lately" is the same in every size.
"""

import asyncio
import json
import socket
import sys

import uvicorn
import uvloop
from bench.dashboard.history import END

from forgehand.adapters.sql import SqlStore
from forgehand.adapters.wakeups import InProcessWakeups
from forgehand.web.admin.app import build_admin, sign_in_path


async def main(url: str) -> None:
    store = SqlStore(url)
    await store.open()
    app = build_admin(store, InProcessWakeups(), version="bench", clock=lambda: END)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        print(json.dumps({"port": sock.getsockname()[1], "link": sign_in_path(app)}), flush=True)
        quiet = uvicorn.Config(
            app,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=600,
        )
        await uvicorn.Server(quiet).serve(sockets=[sock])
    await store.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1]))
