"""Run a coroutine against the opened App: what every command that looks or steers begins with."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from forgehand.cli.errors import Stop

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.settings import Settings

Result = TypeVar("Result")

SEVERAL = 6
"""How many of the rows whose ids begin as was typed are read: one too many to name."""

SHORTEST = 6
"""Characters that a shortened id must have."""


def with_app(act: "Callable[[App], Awaitable[Result]]", *, ready: bool = False) -> Result:
    """`act` on the App with its store open, which must be there already: a command in the wrong folder must not make an
    empty one and then claim to have paused it. `ready`: it will also talk to GitHub, so its settings must be complete,
    but for what only webhooks need."""
    import asyncio

    from forgehand.assembly.build import opened
    from forgehand.assembly.settings import read_settings, ready_settings

    settings = ready_settings(webhooks=False) if ready else read_settings()
    quiet_logs(settings)

    async def run() -> Result:
        async with opened(settings, create=False) as app:
            return await act(app)

    return asyncio.run(run())


def quiet_logs(settings: "Settings") -> None:
    """Commands that print an answer log warnings only, unless DEBUG asks for more."""
    from forgehand.assembly.logs import set_up_logs

    level = settings.log_level if settings.log_level in ("DEBUG", "ERROR") else "WARNING"
    set_up_logs(settings.model_copy(update={"log_level": level}))


def who() -> str:
    """The person at this command line, as the audit names them."""
    import getpass

    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def one_of(typed: str, found: Sequence[str], what: str) -> str:
    """The only id that was found to begin with what was typed. Raises Stop where none or several do."""
    if len(typed) < SHORTEST:
        raise Stop(f"no {what} {typed}: give its id, or at least the first {SHORTEST} characters of it")
    if not found:
        raise Stop(f"no {what} {typed} is stored")
    if len(found) > 1:
        named = ", ".join((*found[: SEVERAL - 1], *(["…"] if len(found) == SEVERAL else [])))
        raise Stop(f"{typed} is the beginning of several: {named}")
    return found[0]
