"""`forgehand test`: the tests of a folder or of a pull request, in the sandbox, with the report of a check run."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgehand.cli.errors import FAILED, USAGE, Stop
from forgehand.cli.going_round import Manner, once, stay
from forgehand.cli.opening import quiet_logs, with_app
from forgehand.cli.origin import origin, repository
from forgehand.cli.printing import Json, clean, emit_json, iso

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.local_tests import Verdict
    from forgehand.assembly.testing_rounds import TestRound, TestRounds
    from forgehand.domain.jobs import Job
    from forgehand.ports.store import Unclaimed

_NOT_RUN = "not run"
_SIGNS = {
    "success": "✅",
    "failure": "❌",
    "action_required": "❌",
    "neutral": "➖",
    _NOT_RUN: "➖",
    "failed": "❌",
    "dead_letter": "❌",
}
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
    daemon: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", min=1, help="Test new heads of pull requests, every so many seconds."),
    ] = None,
    run_once: Annotated[bool, typer.Option("--run-once", help="Test whatever head is new, and exit.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Print the numbers so far, as JSON.")] = False,
    json: Json = False,
) -> None:
    """Run the tests of a folder, or with --pull of a pull request, in the sandbox.

    Exits 0 when they passed, 1 when they failed, and 2 when they could not be run. With --daemon, --run-once and
    --status it goes round all pull requests of a repository, as `forgehand review` does, and exits 0 when it is done, 1
    when it came to no verdict somewhere."""
    if not folder.is_dir():
        raise Stop(f"{folder} is no folder", USAGE)
    if sum((pull is not None, bool(command), daemon is not None, run_once, status)) > 1:
        raise Stop("give one of --pull N, --command COMMAND, --daemon SECONDS, --run-once and --status", USAGE)
    if status:
        emit_json(with_app(lambda app: _status(app, repo or origin(folder))))
    elif daemon is not None or run_once:
        _go_round(repository(repo, folder), daemon, json)
    elif pull is not None:
        _say_job(_test_pull(repository(repo, folder), pull), json)
    else:
        _say(_test_folder(folder, command), json)


def _go_round(name: str, daemon: int | None, json: bool) -> None:
    manner = Manner("Testing", Path("logs/testing.log"), _rounds)
    if daemon is not None:
        stay(manner, name, daemon, _print_round, json=json)
        return
    done = once(manner, name, lambda looks: looks.look(), json=json)
    _print_round(done, json)
    raise typer.Exit(FAILED if done.failed else 0)


def _rounds(app: "App", name: str, begin: Callable[[int], None]) -> "AbstractAsyncContextManager[TestRounds]":
    from forgehand.assembly.testing_rounds import testing_rounds

    return testing_rounds(app, name, begin)


async def _status(app: "App", name: str) -> dict[str, Any]:
    """Each head counts once, however often it was tested. Of all repositories where none is named."""
    from forgehand.engine import queries

    counted = await queries.heads_tested(app.store, name)
    return {
        "worker": "testing_worker",
        "prs_tested": counted.prs_tested,
        "prs_passed": counted.prs_passed,
        "prs_failed": counted.prs_failed,
        "pass_rate": counted.pass_rate,
        "flaky_tests": counted.flaky_tests,
        "last_checked": iso(counted.last_checked),
    }


def _print_round(done: "TestRound", json: bool) -> None:
    if json:
        pulls = [{"number": number, **_told(job)} for number, job in done.ran]
        emit_json({"repository": done.repository, "pulls": pulls, "failed": done.failed})
        return
    for number, job in done.ran:
        typer.echo(clean(f"{_SIGNS.get(_conclusion(job), '⏳')} PR #{number} {_conclusion(job)}: {_why(job)}"))
    if not done.ran:
        typer.echo(f"Nothing new in {done.repository}.")


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
    if json:
        emit_json(_told(job))
    else:
        typer.echo(clean(f"{_conclusion(job)}: {_why(job)}"))
    raise typer.Exit(_CODES.get(_conclusion(job), USAGE))


def _told(job: "Job") -> dict[str, Any]:
    return {"state": job.state, "why": job.why, **(job.result or {})}


def _conclusion(job: "Job") -> str:
    """Of the check run; where there is none, what became of the job: one that had nothing to do ran no tests."""
    result = job.result or {}
    return str(result.get("conclusion") or (_NOT_RUN if "skipped" in result else job.state))


def _why(job: "Job") -> str:
    result = job.result or {}
    skipped = ": ".join(str(result[name]) for name in ("skipped", "remedy") if result.get(name))
    return str(result.get("why") or skipped or job.why)
