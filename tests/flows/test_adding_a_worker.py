"""docs/adding-a-worker.md, followed: its code goes into a folder, its line is added, and the worker works."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from forgehand import workers
from forgehand.assembly.build import opened, working
from forgehand.assembly.workers import BUILT_IN, BuiltIn, Parts
from forgehand.domain.jobs import JobState
from support.product import REPO, Product, open_flawed_pull, poll, product

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-worker.md"
FOLDER = "src/forgehand/workers/thanks"
ASSEMBLY = "src/forgehand/assembly/workers.py"


def code(after: str) -> str:
    """The first code block behind a text of the page."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text().partition(after)[2], re.DOTALL)
    assert block, f"no code behind “{after}”"
    return block[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / FOLDER
    made.mkdir(parents=True)
    for name in ("rules.py", "worker.py", "__init__.py"):
        (made / name).write_text(code(f"`{FOLDER}/{name}`"))
    return made


@pytest.fixture
def thanks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The folder as if it lay beside the others."""
    monkeypatch.setattr(workers, "__path__", [*workers.__path__, str(folder.parent)])
    name = f"{workers.__name__}.thanks"
    try:
        yield importlib.import_module(name)
    finally:
        for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[each]
        del workers.thanks  # type: ignore[attr-defined]


def the_line(thanks: ModuleType) -> BuiltIn:
    made: BuiltIn = eval(code(f"`{ASSEMBLY}`").strip().rstrip(","), {"BuiltIn": BuiltIn, "thanks": thanks})
    return made


async def polled(run: Product, thanks: ModuleType) -> set[tuple[str, JobState]]:
    """Let one poll find the open pull requests, run everything, and say what became of each worker's jobs. Of looks at
    one pull request a newer may have superseded an older."""
    async with opened(run.settings, built_in=(*BUILT_IN, the_line(thanks))) as app, working(app) as crew:
        await poll(app, crew)
        ended = [job for job in await app.store.jobs(50) if job.state.ended]
        return {(job.worker, job.state) for job in ended if job.state is not JobState.SUPERSEDED}


async def test_one_folder_and_one_line_make_a_worker(tmp_path: Path, thanks: ModuleType) -> None:
    with product(tmp_path, start=False) as run:
        pull = open_flawed_pull(run.forge)
        states = await polled(run, thanks)
        ran = ("reconcile", "review", "testing", "decide", "thanks")
        assert states == {(worker, JobState.COMPLETED) for worker in ran}
        said = [comment.body for comment in run.forge.comments(REPO, pull.number)]
        assert any("thank you, dev" in body for body in said)


def test_its_rules_are_pure(thanks: ModuleType) -> None:
    rules = importlib.import_module(f"{thanks.__name__}.rules")
    assert rules.judge(rules.Facts("dev", 50)) == "Small and reviewable: thank you, dev."
    assert rules.judge(rules.Facts("dev", 51)) is None


def test_the_line_fits_what_assembly_hands_out(thanks: ModuleType) -> None:
    line = the_line(thanks)
    worker = line.make(cast(Parts, SimpleNamespace(pulls=None)))
    assert worker.type == line.spec.type == "thanks"


def test_it_is_imported_beside_the_others() -> None:
    beside = re.search(r"^from forgehand\.workers import .*$", (ROOT / ASSEMBLY).read_text(), re.MULTILINE)
    assert beside
    assert f"`{beside[0]}, thanks`" in PAGE.read_text()


@pytest.mark.parametrize("looked_at", [("check",), ("format", "--check")])
def test_its_code_keeps_the_rules_of_the_house(folder: Path, looked_at: tuple[str, ...]) -> None:
    # Without both, what lies here or what lies there is taken for somebody else's.
    ours = f"src = ['{ROOT / 'src'}', '{folder.parents[2]}']"
    settings = ("--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", ours)
    ruff = (sys.executable, "-m", "ruff", *looked_at, *settings, str(folder))
    ran = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
