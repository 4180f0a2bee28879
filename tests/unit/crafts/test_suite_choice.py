"""The first command whose program is there is run; what is not known to be absent counts as there."""

import tarfile
from dataclasses import dataclass, field

import pytest

from forgehand.crafts.suite_choice import Choice, choose
from forgehand.crafts.suites import Command
from forgehand.ports.sandbox import Ran, Stopped, Strength, Task, Tier

pytestmark = pytest.mark.anyio
PYTEST = Command("python3 -m pytest", "there is conftest.py", (), "pytest", "python3 -c 'import pytest'")
GO = Command("go test ./...", "there is go.mod", (), "go", "command -v go")
ABSENT = Ran(0, b"forgehand: absent\n", 0.1)


@dataclass
class Scripted:
    """A sandbox that answers in turn."""

    answers: list[Ran]
    commands: list[str] = field(default_factory=list)

    async def strength(self) -> Strength:
        return Strength(Tier.BWRAP, "scripted")

    async def run(self, task: Task) -> Ran:
        with tarfile.open(task.tree) as tar:
            assert tar.getnames() == []
        self.commands.append(task.command)
        return self.answers.pop(0)


async def test_the_first_whose_program_is_there_is_chosen_and_the_others_are_told() -> None:
    sandbox = Scripted([ABSENT, Ran(0, b"", 0.1)])
    absent = "there is conftest.py, but the sandbox has no pytest"
    assert await choose(sandbox, [PYTEST, GO]) == Choice(GO, (absent,))
    assert "import pytest" in sandbox.commands[0]


async def test_where_none_is_there_nothing_is_run() -> None:
    choice = await choose(Scripted([ABSENT, ABSENT]), [PYTEST, GO])
    assert (choice.command, len(choice.absent)) == (None, 2)


@pytest.mark.parametrize("cut", [Ran(137, b"", 60.0, Stopped.TIME), Ran(137, ABSENT.output, 1.0, Stopped.MEMORY)])
async def test_a_look_that_was_cut_short_excuses_nothing(cut: Ran) -> None:
    assert await choose(Scripted([cut]), [PYTEST]) == Choice(PYTEST)
