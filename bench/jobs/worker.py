"""The process that works: `python -m bench.jobs.worker CONTESTANT URL FD`. Started by `__main__`.

Says `warm` once everything is open. Then it reads a number from standard input, works until that many jobs are done,
and says as one line of JSON when each was started and when the last was done, in epoch seconds.
"""

import asyncio
import json
import logging
import sys
import time

import structlog
from bench.jobs.contestants import EVERYONE, Started


async def main() -> None:
    name, url, fd = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with EVERYONE[name].open(url, int(fd), None) as queue:
        print("warm", flush=True)
        started = Started(int(await asyncio.to_thread(sys.stdin.readline)))
        await queue.work(started)
        ended = time.time()
        print(json.dumps({"started": started.at, "ended": ended}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
