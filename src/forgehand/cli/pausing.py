"""`forgehand pause` and `forgehand resume`: let every write to GitHub stand still, and go on."""

from typing import Annotated

import typer

from forgehand.cli.jobs import say
from forgehand.cli.opening import who, with_app


def pause(why: Annotated[str, typer.Option(help="The reason, for those who wonder.")] = "") -> None:
    """Refuse every write to GitHub until `resume`. Deliveries are still taken in; jobs that must write wait."""
    say(with_app(lambda app: app.operations.pause(who(), why)))


def resume() -> None:
    """Let writes go on, and wake the jobs that waited."""
    say(with_app(lambda app: app.operations.resume(who())))
