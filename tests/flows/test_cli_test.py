"""`forgehand test` as a person or a script calls it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import forgehand
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
