"""Which of the commands that a tree gives a reason for is run: the first whose program is in the sandbox. Used by the
testing worker and by `forgehand test`.

A program is looked for in a sandbox that holds nothing, so that no file of the author's says that it is not there.
"""

import asyncio
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forgehand.crafts.suites import Command
from forgehand.ports.sandbox import Bounds, Sandbox, Task

SECONDS = 60.0
_ABSENT = "forgehand: absent"


@dataclass(frozen=True, slots=True)
class Choice:
    """`command` is None where nothing can be run. `absent` says, in a sentence without its end, which commands were
    passed over for want of a program."""

    command: Command | None = None
    absent: tuple[str, ...] = ()


async def choose(sandbox: Sandbox, commands: Sequence[Command]) -> Choice:
    """The first command that can be run. Raises SandboxFailed where nothing can be looked for."""
    absent: list[str] = []
    with tempfile.TemporaryDirectory(prefix="forgehand-choice-") as folder:
        nothing = Path(folder, "nothing.tar")
        await asyncio.to_thread(_pack_nothing, nothing)
        for command in commands:
            if not await _is_absent(sandbox, command, nothing):
                return Choice(command, tuple(absent))
            absent.append(f"{command.why}, but the sandbox has no {command.program}")
    return Choice(None, tuple(absent))


async def _is_absent(sandbox: Sandbox, command: Command, nothing: Path) -> bool:
    """Only where the sandbox says so: a look that was cut short counts for nothing, and the run will tell."""
    task = Task(f"({command.needs}) >/dev/null 2>&1 || echo {_ABSENT!r}", nothing, bounds=Bounds(seconds=SECONDS))
    ran = await sandbox.run(task)
    return ran.stopped is None and ran.output.decode("utf-8", "replace").strip().endswith(_ABSENT)


def _pack_nothing(archive: Path) -> None:
    with tarfile.open(archive, "w"):
        pass
