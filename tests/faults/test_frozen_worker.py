"""A worker freezes between intent and send, its job is taken over, and then it wakes up: it must not send."""

import os
import re
import signal
from contextlib import ExitStack, closing
from pathlib import Path

import pysqlite3
import pytest

from forgehand.engine.steps import Step
from support.product import assert_said_once, at_rest, open_flawed_pull, product, reviewed, until


def freeze(pid: int, database_url: str) -> None:
    """Stop the process while none of its threads writes: one that holds SQLite's write lock keeps it for as long."""
    with ExitStack() as lock:
        if database_url.startswith("sqlite:///"):
            conn = lock.enter_context(closing(pysqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=60)))
            conn.execute("BEGIN IMMEDIATE")
        os.kill(pid, signal.SIGSTOP)
        until(lambda: "T" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3], "the freeze")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    return {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}


@pytest.mark.parametrize("step", [Step.EFFECT_INTENDED, Step.EFFECT_LOOKED_UP, Step.EFFECT_SENDING])
def test_a_frozen_worker_that_wakes_after_its_job_was_taken_over_sends_nothing(
    tmp_path: Path, database: dict[str, str], step: Step
) -> None:
    # One job at a time, so that nothing but the review is frozen: of what is frozen while it is written to a socket
    # nobody can tell any more whether it was sent.
    with product(tmp_path, start=False, slots=1, lease_seconds=9.0, heartbeat_seconds=1.0, **database) as run:
        run.trap = f"{step}|review|freeze|{tmp_path / 'trapped'}"
        run.start()
        pull = open_flawed_pull(run.forge)
        until((tmp_path / "trapped").exists, "the frozen step")
        (frozen,) = run.children()
        freeze(frozen, run.settings.database_url)
        (tmp_path / "trapped.frozen").touch()
        run.start_worker()
        until(
            lambda: reviewed(run.forge, pull.number, pull.head_sha) and at_rest(run), "the review by the second worker"
        )
        before, told = len(run.forge.mutations()), len(run.log())
        os.kill(frozen, signal.SIGCONT)
        until(lambda: re.search(r"job\.(dropped|late)", run.log()[told:]), "the woken worker's notice")
        assert_said_once(run.forge, pull.number, pull.head_sha)
        assert len(run.forge.mutations()) == before
