"""docs/adding-a-worker.md, followed: its code goes into a folder, its line is added, and the worker works."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from forgehand.assembly.build import opened, working
from forgehand.assembly.workers import BUILT_IN, BuiltIn, Parts
from forgehand.domain.jobs import JobState
from support.product import REPO, Product, open_flawed_pull, poll, product

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-worker.md"


def code(after: str) -> str:
    """The first code block behind a text of the page."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text().partition(after)[2], re.DOTALL)
    assert block, f"no code behind “{after}”"
    return block[1]


@pytest.fixture
def thanks(tmp_path: Path) -> Iterator[ModuleType]:
    folder = tmp_path / "workers" / "thanks"
    folder.mkdir(parents=True)
    (folder / "rules.py").write_text(code("`workers/thanks/rules.py`"))
    (folder / "worker.py").write_text(code("`workers/thanks/worker.py`"))
    (folder / "__init__.py").write_text(code("`workers/thanks/__init__.py`"))
    sys.path.insert(0, str(folder.parent))
    try:
        yield importlib.import_module("thanks")
    finally:
        sys.path.remove(str(folder.parent))
        for name in [name for name in sys.modules if name.partition(".")[0] == "thanks"]:
            del sys.modules[name]


def the_line(thanks: ModuleType) -> BuiltIn:
    made: BuiltIn = eval(code("`assembly/workers.py`").strip().rstrip(","), {"BuiltIn": BuiltIn, "thanks": thanks})
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
        workers = ("reconcile", "review", "testing", "decide", "thanks")
        assert states == {(worker, JobState.COMPLETED) for worker in workers}
        said = [comment.body for comment in run.forge.comments(REPO, pull.number)]
        assert any("thank you, dev" in body for body in said)


def test_its_rules_are_pure(thanks: ModuleType) -> None:
    rules = importlib.import_module("thanks.rules")
    assert rules.judge(rules.Facts("dev", 50)) == "Small and reviewable: thank you, dev."
    assert rules.judge(rules.Facts("dev", 51)) is None


def test_the_line_fits_what_assembly_hands_out(thanks: ModuleType) -> None:
    line = the_line(thanks)
    worker = line.make(cast(Parts, SimpleNamespace(pulls=None)))
    assert worker.type == line.spec.type == "thanks"
