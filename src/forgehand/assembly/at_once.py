"""One job, run here and now until it is done or has to wait for longer than a moment.

Called by `build`, `pull_tests` and `testing_rounds`.
"""

import asyncio
import time

from forgehand.domain.jobs import Job, JobState
from forgehand.engine.runner import Runner
from forgehand.ports.store import Jobs, Unclaimed

SOON = 10.0
"""Work that is due so soon still belongs to what was asked for, such as a request that was cut off and is sent again; a
check that takes its time is looked at another time."""
PATIENCE = 600.0
"""Seconds after which nothing more is waited for."""


async def run_to_its_end(runner: Runner, jobs: Jobs, job_id: str) -> Job | Unclaimed:
    """The job as it then is, also where another process ended it meanwhile."""
    deadline = time.time() + PATIENCE
    ran = await runner.run_one(job_id)
    while isinstance(ran, Job) and ran.state is JobState.PENDING and ran.run_at <= min(deadline, time.time() + SOON):
        await asyncio.sleep(max(0.0, ran.run_at - time.time()))
        again = await runner.run_one(job_id)
        ran = await jobs.job(job_id) or ran if again is Unclaimed.GONE else again
    return ran
