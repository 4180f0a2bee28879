"""`forgehand serve`, `worker` and `run-job`: the processes of the product."""

from typing import TYPE_CHECKING

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.jobs import JobId, resolve
from forgehand.cli.opening import with_app
from forgehand.cli.printing import Json, clean, emit_json

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.serve import Addresses
    from forgehand.domain.jobs import Job
    from forgehand.ports.store import Unclaimed


def serve(json: Json = False) -> None:
    """Take webhooks in, run jobs and show the admin pages, until SIGTERM or Ctrl-C.

    Prints where everything listens, with a link that signs one person in, once and within 15 minutes."""
    from forgehand.assembly.serve import serve as run
    from forgehand.assembly.settings import ready_settings

    raise typer.Exit(run(ready_settings(), _announce_json if json else _announce))


def worker() -> None:
    """Run jobs in one more process, on this or another machine of the same PostgreSQL store."""
    import asyncio

    from forgehand.assembly.logs import set_up_logs
    from forgehand.assembly.settings import ready_settings
    from forgehand.assembly.worker_process import work_alone

    settings = ready_settings()
    if settings.database_url.startswith("sqlite"):
        typer.echo("On SQLite nobody wakes this process: it looks for jobs every few seconds.", err=True)
    set_up_logs(settings)
    asyncio.run(work_alone(settings))


def run_job(job_id: JobId, json: Json = False) -> None:
    """Run one job here, due or not, and exit: 0 when it is completed.

    What is to be tried again within ten seconds is waited for."""
    from forgehand.domain.jobs import Job, JobState
    from forgehand.ports.store import Unclaimed

    async def act(app: "App") -> "Job | Unclaimed":
        return await app.run_job(await resolve(app, job_id))

    ran = with_app(act, ready=True)
    if isinstance(ran, Unclaimed):
        raise Stop(_UNCLAIMED[ran.value])
    assert isinstance(ran, Job)
    if json:
        emit_json(ran)
    else:
        why = f": {clean(ran.why)}" if ran.why else ""
        typer.echo(f"Job {ran.id[:8]} is {ran.state.replace('_', ' ')}{why}")
    raise typer.Exit(0 if ran.state is JobState.COMPLETED else 1)


_UNCLAIMED = {
    "busy": "another process is running this job",
    "held": "another job of the same key is running; this one has to wait for it",
    "gone": "there is nothing to run: the job has ended or waits; `forgehand jobs show` says why, and `forgehand jobs "
    "retry` starts it again",
}


def _announce(addresses: "Addresses") -> None:
    typer.echo(f"Webhooks   {addresses.webhook_url}")
    typer.echo(f"Admin      {addresses.admin_url}")
    typer.echo(f"Sign in    {addresses.sign_in_url}  (works once, within 15 minutes)")


def _announce_json(addresses: "Addresses") -> None:
    import json

    # One line, flushed: whoever started us waits for it.
    line = {
        "webhook_url": addresses.webhook_url,
        "admin_url": addresses.admin_url,
        "sign_in_url": addresses.sign_in_url,
    }
    print(json.dumps(line), flush=True)
