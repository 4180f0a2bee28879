"""`forgehand test`: the tests of a folder or of a pull request, in the sandbox, with the report of a check run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgehand.cli.errors import USAGE, Stop
from forgehand.cli.opening import quiet_logs, with_app
from forgehand.cli.origin import repository
from forgehand.cli.printing import Json, clean, emit_json

if TYPE_CHECKING:
    from forgehand.assembly.local_tests import Verdict
    from forgehand.domain.jobs import Job
    from forgehand.ports.store import Unclaimed

_CODES = {"success": 0, "failure": 1}
"""Exit codes by conclusion; whatever else it is, the tests did not run."""


def run_tests(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder whose tests are run.")] = Path("."),
    pull: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Test this pull request instead, on GitHub.")
    ] = None,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="The pull request's repository. Default: `origin` of the folder.")
    ] = "",
    command: Annotated[str, typer.Option(metavar="COMMAND", help="Run this, not what is configured or found.")] = "",
    json: Json = False,
) -> None:
    """Run the tests of a folder, or with --pull of a pull request, in the sandbox.

    Exits 0 when they passed, 1 when they failed, and 2 when they could not be run."""
    if not folder.is_dir():
        raise Stop(f"{folder} is no folder", USAGE)
    if pull is not None:
        _say_job(_test_pull(repository(repo, folder), pull), json)
    else:
        _say(_test_folder(folder, command), json)


def _test_folder(folder: Path, command: str) -> "Verdict":
    import asyncio

    from forgehand.assembly.local_tests import run_folder
    from forgehand.assembly.settings import read_settings
    from forgehand.domain.policy import PolicyError

    settings = read_settings()
    quiet_logs(settings)
    try:
        return asyncio.run(run_folder(settings, folder.resolve(), command))
    except (PolicyError, ValueError) as error:
        raise Stop(str(error), USAGE) from None


def _test_pull(repo: str, number: int) -> "Job":
    from forgehand.assembly.pull_tests import run_pull
    from forgehand.domain.jobs import Job

    ran: Job | Unclaimed = with_app(lambda app: run_pull(app, repo, number), ready=True)
    if not isinstance(ran, Job):
        raise Stop("another process took the job: `forgehand jobs list` shows it", USAGE)
    return ran


def _say(verdict: "Verdict", json: bool) -> None:
    from forgehand.assembly.local_tests import lines, summary

    if json:
        emit_json(summary(verdict))
    else:
        for line in lines(verdict):
            typer.echo(clean(line))
    raise typer.Exit(_CODES.get(verdict.conclusion, USAGE))


def _say_job(job: "Job", json: bool) -> None:
    result: dict[str, Any] = dict(job.result or {})
    if json:
        emit_json({"state": job.state, "why": job.why, **result})
    else:
        said = result.get("why") or result.get("skipped") or job.why
        typer.echo(clean(f"{result.get('conclusion', job.state)}: {said}"))
    raise typer.Exit(_CODES.get(str(result.get("conclusion", "")), USAGE))
