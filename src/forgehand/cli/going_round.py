"""What `forgehand review` and `forgehand test` share: rounds over a repository without webhooks, once or every few
minutes until they are stopped.
"""

import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import typer

from forgehand.cli.opening import quiet_logs
from forgehand.cli.printing import clean, console

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.settings import Settings

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Looks(Protocol[R_co]):
    async def look(self) -> R_co:
        """At whatever is new."""
        ...


L = TypeVar("L", bound=Looks[Any])


@dataclass(frozen=True, slots=True)
class Manner(Generic[L]):
    """`doing` is said while it goes round; a daemon also writes to `log`. `rounds` opens those of a repository, by its
    name; their `begin` is told each pull request before work on it starts."""

    doing: str
    log: Path
    rounds: "Callable[[App, str, Callable[[int], None]], AbstractAsyncContextManager[L]]"


def once(manner: Manner[L], name: str, look: Callable[[L], Awaitable[R]], *, json: bool) -> R:
    """One round, here and now."""
    import asyncio

    from forgehand.assembly.settings import ready_settings

    settings = ready_settings(webhooks=False)
    quiet_logs(settings)

    async def run() -> R:
        from forgehand.assembly.build import opened

        async with opened(settings) as app, manner.rounds(app, name, _begin(json)) as looks:
            return await look(looks)

    with _spinner(manner, json):
        return asyncio.run(run())


def stay(manner: Manner[L], name: str, seconds: int, tell: Callable[[Any, bool], None], *, json: bool) -> None:
    """Rounds until a signal ends them; `tell` prints each."""
    import asyncio

    from forgehand.assembly.logs import RotatingLog, set_up_logs
    from forgehand.assembly.settings import ready_settings

    settings = ready_settings(webhooks=False)
    manner.log.parent.mkdir(parents=True, exist_ok=True)
    set_up_logs(settings, RotatingLog(manner.log))
    if not json:
        typer.echo(f"{manner.doing} {name} every {seconds} s; the log is {manner.log}. Ctrl-C ends it.")
    asyncio.run(_until_stopped(manner, settings, name, seconds, tell, json))


async def _until_stopped(
    manner: Manner[L], settings: "Settings", name: str, seconds: int, tell: Callable[[Any, bool], None], json: bool
) -> None:
    import asyncio

    from forgehand.assembly.build import opened
    from forgehand.ports.github import GitHubError
    from forgehand.ports.store import StoreUnavailable

    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with opened(settings) as app, manner.rounds(app, name, _begin(json)) as looks:
        while not stop.is_set():
            try:
                tell(await looks.look(), json)
            except (GitHubError, StoreUnavailable) as error:
                # It may answer in the next round.
                typer.echo(clean(f"forgehand: {error.why}"), err=True)
            try:
                await asyncio.wait_for(stop.wait(), seconds)
            except TimeoutError:
                continue


def _begin(json: bool) -> Callable[[int], None]:
    return (lambda number: None) if json else (lambda number: typer.echo(f"Processing PR #{number}"))


def _spinner(manner: Manner[L], json: bool) -> Any:
    """For work that takes a while, on a terminal."""
    shown = console(err=True)
    return nullcontext() if json or not shown.is_terminal else shown.status(manner.doing)
