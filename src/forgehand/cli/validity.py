"""What `validate` says of a file of a repository. Used by `forgehand policy` and `forgehand dispatch`."""

from collections.abc import Callable
from pathlib import Path

import typer

from forgehand.cli.printing import clean, emit_json

Validated = Callable[[], tuple[Path, tuple[str, ...]]]


def say_validity(validated: Validated, *, json: bool) -> tuple[str, ...]:
    """Print that the file is valid, with its notes, which are given back; or what is wrong in it, and exit with 1."""
    from forgehand.domain.policy import PolicyError

    try:
        path, notes = validated()
    except PolicyError as error:
        if json:
            emit_json({"valid": False, "problems": error.problems, "notes": []})
        else:
            typer.echo(clean(str(error)))
        raise typer.Exit(1) from None
    if json:
        emit_json({"valid": True, "problems": [], "notes": notes})
    else:
        typer.echo("\n".join([f"{path} is valid.", *map(clean, notes)]))
    return notes
