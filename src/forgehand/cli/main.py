"""The `forgehand` command: its groups, and what an operator sees when something cannot be done.

Every module of a command group imports what is heavy inside its functions, so that `--help` answers at once.
Exit codes are the same everywhere: 0 done, 1 it failed or is not there, 2 wrong usage or settings. `review` has more.
"""

from typing import Annotated

import typer

from forgehand.cli.deliveries import deliveries, replay
from forgehand.cli.demo import demo
from forgehand.cli.dispatch import dispatch
from forgehand.cli.doctor import doctor
from forgehand.cli.effects import effects
from forgehand.cli.errors import Commands
from forgehand.cli.init import init
from forgehand.cli.jobs import jobs
from forgehand.cli.pausing import pause, resume
from forgehand.cli.policy import policy
from forgehand.cli.practice import practice
from forgehand.cli.projections import projections
from forgehand.cli.review import review
from forgehand.cli.running import run_job, serve, worker
from forgehand.cli.sign_in import sign_in
from forgehand.cli.test import run_tests

app = typer.Typer(
    name="forgehand",
    cls=Commands,
    help="A self-hosted GitHub App that does a repository's chores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_START, _RUN, _LOOK, _STEER = "Start here", "Run", "Look", "Steer"

app.command(rich_help_panel=_START)(demo)
app.command(rich_help_panel=_START)(init)
app.command(rich_help_panel=_START)(doctor)
app.command(rich_help_panel=_START)(practice)
app.command(rich_help_panel=_RUN)(serve)
app.command(rich_help_panel=_RUN)(worker)
app.command("test", rich_help_panel=_RUN)(run_tests)
app.command(rich_help_panel=_RUN)(review)
app.command("run-job", rich_help_panel=_RUN)(run_job)
app.add_typer(jobs, name="jobs", rich_help_panel=_LOOK)
app.add_typer(deliveries, name="deliveries", rich_help_panel=_LOOK)
app.add_typer(effects, name="effects", rich_help_panel=_LOOK)
app.add_typer(policy, name="policy", rich_help_panel=_STEER)
app.command("sign-in", rich_help_panel=_STEER)(sign_in)
app.add_typer(dispatch, name="dispatch", rich_help_panel=_STEER)
app.command(rich_help_panel=_STEER)(replay)
app.add_typer(projections, name="projections", rich_help_panel=_STEER)
app.command(rich_help_panel=_STEER)(pause)
app.command(rich_help_panel=_STEER)(resume)


def main() -> None:
    """The entry point of the package."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"forgehand {version('forgehand')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
