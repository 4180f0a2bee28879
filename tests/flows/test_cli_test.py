"""`forgehand test` as a person or a script calls it."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Ran, forgehand, running, variables
from support.product import REPO, Product, product
from support.tools import python_with_pytest

pytestmark = pytest.mark.needs("bwrap")


@pytest.fixture(scope="module")
def tools() -> Iterator[Path]:
    with python_with_pytest() as folder:
        yield folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def test_a_folder_whose_tests_fail_exits_1_and_names_the_line(tmp_path: Path, project: Path, tools: Path) -> None:
    (project / "test_a.py").write_text("def test_a():\n    assert 1 == 2\n")
    ran = forgehand(tmp_path, "test", str(project), env={"FORGEHAND_SANDBOX_READABLE": str(tools)})
    assert ran.code == 1
    assert "failed: 1 failed" in ran.out
    assert "test_a.py:2" in ran.out


def test_a_folder_whose_tests_pass_exits_0_and_json_says_all(tmp_path: Path, project: Path, tools: Path) -> None:
    (project / "test_a.py").write_text("def test_a():\n    assert 1 == 1\n")
    ran = forgehand(tmp_path, "test", str(project), "--json", env={"FORGEHAND_SANDBOX_READABLE": str(tools)})
    assert ran.code == 0
    told = json.loads(ran.out)
    assert (told["conclusion"], told["tests"]) == ("success", 1)
    assert told["ruling"]["state"] == "satisfied"


def test_its_own_configuration_is_obeyed_and_the_option_comes_first(tmp_path: Path, project: Path) -> None:
    (project / ".forgehand").mkdir()
    (project / ".forgehand" / "config.yml").write_text("tests:\n  command: exit 0\n")
    assert forgehand(tmp_path, "test", str(project)).code == 0
    assert forgehand(tmp_path, "test", str(project), "--command", "exit 3").code == 1


CONFIG = {".forgehand/config.yml": "tests:\n  command: test -e GOOD\n"}


def test_a_pull_request_whose_tests_are_off_is_not_run_and_says_where_to_switch_them_on(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": "tests:\n  enabled: false\n"}, "Test nothing")
        assert _round(run, "--run-once").code == 0
        number = str(_opened(run, "GOOD").number)
        ran = forgehand(run.folder, "test", "--repo", REPO, "--pull", number, env=variables(run.settings))
        assert ran.code == 2, ran.err
        assert ran.out.startswith("not run: tests are switched off for main: set tests.enabled to true in .forgehand/")


def test_rounds_test_each_new_head_once_and_the_status_counts_them(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", CONFIG, "Say what to test")
        good, bad = (_opened(run, branch) for branch in ("GOOD", "BAD"))
        first = _round(run, "--run-once")
        assert first.code == 0, first.err
        assert f"Processing PR #{good.number}\n" in first.out
        assert f"✅ PR #{good.number} success: The tests passed\n" in first.out
        assert f"❌ PR #{bad.number} failure: The command ended with code 1" in first.out
        assert _round(run, "--run-once").out == "Nothing new in acme/shop.\n"
        told = _round(run, "--status").json
        assert told.pop("last_checked")
        assert told == {
            "worker": "testing_worker",
            "prs_tested": 2,
            "prs_passed": 1,
            "prs_failed": 1,
            "pass_rate": 50.0,
            "flaky_tests": 0,
        }
        again = json.loads(_round(run, "--run-once", "--json").out)
        assert again == {"repository": REPO, "pulls": [], "failed": []}


def test_a_round_that_could_not_tell_a_verdict_is_no_success_nor_is_the_next(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", CONFIG, "Say what to test")
        assert _round(run, "--run-once").code == 0
        assert forgehand(run.folder, "pause", "--why", "moving", env=_environment(run)).code == 0
        number = _opened(run, "BAD").number
        for _ in range(2):
            ran = _round(run, "--run-once")
            assert ran.code == 1, ran.out + ran.err
            assert f"⏳ PR #{number} waiting: " in ran.out
            assert "moving" in ran.out
        assert forgehand(run.folder, "resume", env=_environment(run)).code == 0
        assert f"❌ PR #{number} failure: " in _round(run, "--run-once").out


def test_the_daemon_tests_what_comes_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", CONFIG, "Say what to test")
        first = _opened(run, "GOOD")
        with running(run.folder, "test", "--daemon", "1", "--repo", REPO, env=_environment(run)) as daemon:
            daemon.line_with(f"PR #{first.number} success")
            daemon.line_with(f"PR #{_opened(run, 'BAD').number} failure")
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.end() == 0
        assert "job.settled" in (run.folder / "logs/testing.log").read_text()


def _opened(run: Product, branch: str) -> Any:
    tip = run.forge.branch(REPO, "main")
    run.forge.commit(REPO, branch, {branch: "Open on Sundays.\n"}, f"Add {branch}", parent=tip)
    return run.forge.open_pull(REPO, branch, title=f"Add {branch}")


def _environment(run: Product) -> dict[str, str]:
    return {**variables(run.settings), "GITHUB_WEBHOOK_SECRET": ""}


def _round(run: Product, *argv: str) -> Ran:
    return forgehand(run.folder, "test", "--repo", REPO, *argv, env=_environment(run), timeout=240)


def test_two_wishes_at_once_are_refused(tmp_path: Path) -> None:
    ran = forgehand(tmp_path, "test", "--run-once", "--status")
    assert (ran.code, "give one of --pull N" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        ((), {}, "no test command"),
        (("--command", "true"), {"FORGEHAND_SANDBOX": "none"}, "no sandbox"),
        (("--command", "no-such-program"), {}, "lacks what the command needs"),
        (("--pull", "7"), {}, "no remote `origin`"),
    ],
)
def test_what_cannot_be_run_exits_2_and_says_why(
    tmp_path: Path, project: Path, arguments: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    ran = forgehand(tmp_path, "test", str(project), *arguments, env=env)
    assert ran.code == 2
    assert said in ran.out + ran.err
