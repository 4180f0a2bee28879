"""What an operator sees when something cannot be done: plain lines on stderr and an exit code, never a traceback.

An error that none of us foresaw keeps its traceback: it is ours, not the operator's. Used by every command.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from forgehand.cli.printing import clean

FAILED = 1
"""The thing failed, or is not there."""

USAGE = 2
"""The command was called wrongly, or the settings cannot be used."""

_OUT_OF_REACH = "try again, and see that this machine reaches GitHub and that GITHUB_API_URL is right"


class Stop(Exception):
    """A command cannot go on; each line of the message is for the operator."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


class Commands(TyperGroup):
    """The root group, which turns foreseen errors into lines."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = None if _typers_own(error) else _told(error)
            if told is None:
                _say_what_was_given(error)
                raise
            message, code = told
            for line in clean(message).splitlines():
                typer.echo(f"forgehand: {line}", err=True)
            raise typer.Exit(code) from None


def _typers_own(error: Exception) -> bool:
    """Whether typer says it best: wrong usage, or the end of a command. Its classes moved between versions."""
    return type(error).__module__.partition(".")[0] in ("typer", "click")


def _say_what_was_given(error: Exception) -> None:
    """Of a value of the wrong kind, which typer tells in pydantic's words alone."""
    if not isinstance(error, typer.BadParameter):
        return
    from pydantic import ValidationError

    if isinstance(error.__cause__, ValidationError):
        wrong = error.__cause__.errors()[0]
        if expected := _EXPECTED.get(wrong["type"]):
            error.message = f"{wrong['input']!r} is not {expected.format(**wrong.get('ctx', {}))}"


_EXPECTED = {
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}
"""What a value should have been, by pydantic's names of errors."""


def _told(error: Exception) -> tuple[str, int] | None:
    if isinstance(error, Stop):
        return str(error), error.code
    # Imported only now: they bring pydantic and more, which no command that goes well should wait for.
    from forgehand.assembly.settings import SettingsError
    from forgehand.domain.policy import PolicyError
    from forgehand.ports.github import GitHubError, Unreachable
    from forgehand.ports.store import StoreUnavailable

    match error:
        case SettingsError():
            return str(error), USAGE
        case Unreachable():
            return f"{error.why}: {_OUT_OF_REACH}", FAILED
        case StoreUnavailable() | GitHubError():
            return error.why, FAILED
        case PolicyError():
            return str(error), FAILED
    return None
