import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forgehand.adapters.sql import SqlStore
from forgehand.cli.errors import Stop
from forgehand.cli.jobs import say
from forgehand.cli.main import app
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change, Job, JobState
from forgehand.engine.operations import Acted
from support.command import make_store

GUID = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01"


def test_what_an_operation_says_is_text_and_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(Acted(True, "Waits for \x1b[2Jfeature\r."))
    assert capsys.readouterr().out == "Waits for [2Jfeature.\n"


def test_an_operation_that_changed_nothing_is_a_failure_that_says_why() -> None:
    with pytest.raises(Stop, match="it has ended"):
        say(Acted(False, "it has ended"))


@pytest.mark.parametrize("argv", [("jobs", "list"), ("deliveries", "show", GUID)])
def test_lists_say_why_a_job_did_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    off = {"skipped": "tests are switched off for main", "remedy": "set tests.enabled to true", "head": "9f1c0de"}
    names = ("testing", "testing", 11, 42, "acme/shop", "pull/7")
    job = Job("j" * 32, *names, 1_800_000_000.0, state=JobState.COMPLETED, result=off, delivery=GUID)
    _stored(make_store(tmp_path), job)
    ran = CliRunner().invoke(app, argv)
    assert ran.exit_code == 0, ran.output
    (line,) = [line for line in ran.output.splitlines() if "jjjjjj" in line]
    assert line.split()[1:3] == ["completed", "testing"]
    assert line.endswith(" skipped: tests are switched off for main")


def _stored(path: Path, job: Job) -> None:
    async def store() -> None:
        opened = SqlStore(f"sqlite:///{path}")
        await opened.open()
        await opened.record(Delivery(GUID, "pull_request", b"{}", job.created_at), Change(enqueue=(job,)))
        await opened.close()

    asyncio.run(store())
