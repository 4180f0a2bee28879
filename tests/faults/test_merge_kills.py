"""kill -9 at steps of landing and of the merge queue: what is to land lands once, and no scratch branch stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from forgehand.engine.steps import Step
from support.product import MERGING, REPO, Product, passed, product, until

AUTO = "merge:\n  auto: true\n"
QUEUE = "merge:\n  auto: true\n  queue: {enabled: true, most: 5}\n"
LAND_STEPS = [
    (Step.JOB_CLAIMED, "land"),
    (Step.EFFECT_SENDING, "merge"),
    (Step.EFFECT_PERFORMED, "merge"),
    (Step.EFFECT_RECEIPTED, "merge"),
    (Step.JOB_SETTLING, "land"),
    (Step.JOB_SETTLED, "land"),
]
QUEUE_STEPS = [
    (Step.JOB_SETTLED, "queue"),
    (Step.EFFECT_PERFORMED, "ref"),
    (Step.EFFECT_PERFORMED, "merge into"),
    (Step.EFFECT_RECEIPTED, "merge into"),
    (Step.EFFECT_SENDING, "merge"),
    (Step.EFFECT_PERFORMED, "merge"),
    (Step.EFFECT_RECEIPTED, "merge"),
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    return {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}


@pytest.mark.parametrize(("step", "about"), LAND_STEPS, ids=[f"{step} ({about})" for step, about in LAND_STEPS])
def test_killed_while_landing_it_lands_once_and_says_so_once(
    tmp_path: Path, database: dict[str, str], step: Step, about: str
) -> None:
    with _product(tmp_path, AUTO, **database) as run:
        (pull,) = _killed(run, tmp_path, step, about, pulls=1)
        until(lambda: run.forge.pull(REPO, pull.number).merged, "the merge after the restart")
        until(lambda: "PR merged automatically." in _summary(run, pull), "the last word")
        assert _merges(run) == [200]


@pytest.mark.parametrize(("step", "about"), QUEUE_STEPS, ids=[f"{step} ({about})" for step, about in QUEUE_STEPS])
def test_killed_in_the_queue_both_land_once_and_no_scratch_branch_stays(tmp_path: Path, step: Step, about: str) -> None:
    with _product(tmp_path, QUEUE) as run:
        pulls = _killed(run, tmp_path, step, about, pulls=2)
        until(lambda: _green(run) and all(run.forge.pull(REPO, each.number).merged for each in pulls), "both merges")
        until(lambda: not _scratch(run), "the end of the scratch branches")
        assert _merges(run) == [200, 200]


@contextmanager
def _product(folder: Path, config: str, **more: Any) -> Iterator[Product]:
    given = {"mode": "apply", "sweep_seconds": 1.0, "settle_seconds": 1.5, **more}
    with product(folder, permissions=MERGING, start=False, **given) as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": config}, "Merge by itself")
        yield run


def _killed(run: Product, folder: Path, step: Step, about: str, *, pulls: int) -> list[Any]:
    """Open pull requests, and restart what is killed at the step."""
    run.trap = f"{step}|{about}|both|{folder / 'trapped'}"
    run.start()
    opened = []
    for number in range(pulls):
        sha = run.forge.commit(REPO, f"topic-{number}", {f"docs/{number}.md": "Text.\n"})
        passed(run.forge, sha)
        opened.append(run.forge.open_pull(REPO, f"topic-{number}", title=f"Topic {number}"))
    until(lambda: _green(run) and (folder / "trapped").exists(), f"the step “{step}” of {about}")
    run.wait_dead()
    run.start()
    return opened


def _green(run: Product) -> bool:
    """Every combination passes as soon as it is there."""
    for sha in _scratch(run).values():
        if not run.forge.statuses(REPO, sha):
            passed(run.forge, sha)
    return True


def _scratch(run: Product) -> dict[str, str]:
    with run.forge.world.lock:
        refs = run.forge.world.git(run.forge.world.repository(REPO)).refs("refs/heads/")
    return {name: sha for name, sha in refs if name.startswith("refs/heads/forgehand/")}


def _summary(run: Product, pull: Any) -> str:
    (comment,) = run.forge.comments(REPO, pull.number)
    return comment.body


def _merges(run: Product) -> list[int]:
    return [call.status for call in run.forge.mutations() if (call.route or "").endswith("/{pull_number}/merge")]
