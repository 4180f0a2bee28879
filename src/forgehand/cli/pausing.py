"""`forgehand pause` and `forgehand resume`: let every write to GitHub stand still, and go on."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.jobs import say
from forgehand.cli.opening import who, with_app

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.engine.operations import Acted


def pause(why: Annotated[str, typer.Option(help="The reason, for those who wonder.")] = "") -> None:
    """Refuse every write to GitHub until `resume`. Deliveries are still taken in; jobs that must write wait."""
    say(with_app(lambda app: _naming_the_store(app, app.operations.pause(who(), why))))


def resume() -> None:
    """Let writes go on, and wake the jobs that waited."""
    say(with_app(lambda app: _naming_the_store(app, app.operations.resume(who()))))


async def _naming_the_store(app: "App", operation: "Awaitable[Acted]") -> "Acted":
    """With the full path: whoever stands in another folder than they think sees it."""
    acted = await operation
    return replace(acted, says=f"{acted.says} (The store is {app.settings.database_shown}.)")
