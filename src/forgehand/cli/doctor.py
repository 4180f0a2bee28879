"""`forgehand doctor`: what is configured, reachable and permitted, and the remedy for what is not."""

from typing import TYPE_CHECKING

import typer

from forgehand.cli.printing import Json, clean, console, emit_json
from forgehand.cli.tables import Column, Room, table

if TYPE_CHECKING:
    from forgehand.assembly.checks import Level


def doctor(json: Json = False) -> None:
    """Check everything Forgehand needs, and say how to mend what is not right. Exits 1 when there is a problem."""
    import asyncio

    from forgehand.assembly.checks import Level
    from forgehand.assembly.doctor import examine

    checks = asyncio.run(examine())
    worst = {check.level for check in checks}
    if json:
        emit_json({"ok": Level.PROBLEM not in worst, "checks": checks})
    else:
        columns = [Column("", Room.WHOLE), Column("what"), Column("found")]
        table(columns, [(each.level, each.name, each.says) for each in checks], "Nothing to check.")
        remedies = [f"{each.name}: {each.remedy}" for each in checks if each.remedy]
        if remedies:
            typer.echo("")
        for remedy in remedies:
            console().print(clean(remedy), markup=False)
        typer.echo(_verdict(worst))
    raise typer.Exit(1 if Level.PROBLEM in worst else 0)


def _verdict(worst: "set[Level]") -> str:
    if "problem" in worst:
        return "\nThere are problems; the lines above say how to mend them."
    if "warning" in worst:
        return "\nIt will run; look at the warnings."
    return "\nAll is well."
