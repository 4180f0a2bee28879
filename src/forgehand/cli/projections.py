"""`forgehand projections`: the numbers on the pages, and how they are made again from what happened."""

import typer

from forgehand.cli.opening import with_app

projections = typer.Typer(help="The numbers that pages show, kept up to date with every fact.", no_args_is_help=True)


@projections.command("rebuild")
def rebuild() -> None:
    """Make all of them once more from the facts, and swap them in at once. The server may run meanwhile: pages show the
    present numbers until then. What is older than the facts that are kept (FORGEHAND_KEEP_DAYS) stays as it is."""
    made = with_app(lambda app: app.rebuild())
    changed = f"{made.changed:,} of them changed" if made.changed else "all as they were"
    typer.echo(f"{made.rows:,} rows made from {made.facts:,} facts: {changed}.")
