"""`forgehand sign-in`: a fresh one-time link to the admin pages, for whoever may read the settings."""

import typer

from forgehand.cli.opening import who, with_app


def sign_in() -> None:
    """Print a link to the admin pages that signs one person in, once and within 15 minutes. Run it where the server's
    settings are: it is made in the store that the server reads."""
    typer.echo(with_app(lambda app: app.sign_in_link(who())))
    typer.echo("It signs one person in, once, within 15 minutes.", err=True)
