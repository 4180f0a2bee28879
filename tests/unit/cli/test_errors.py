import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from forgehand.assembly.settings import SettingsError
from forgehand.cli.errors import Commands, Stop
from forgehand.cli.main import app
from forgehand.ports.github import NotPermitted, Unreachable
from forgehand.ports.store import StoreUnavailable


def raising(error: Exception) -> typer.Typer:
    made = typer.Typer(cls=Commands)

    @made.command()
    def act() -> None:
        raise error

    @made.callback()
    def root() -> None:
        pass

    return made


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            SettingsError("A is not set: do this\nB is wrong: do that"),
            2,
            ["A is not set: do this", "B is wrong: do that"],
        ),
        (StoreUnavailable("the disk is full"), 1, ["the disk is full"]),
        (NotPermitted("the key is not the App's"), 1, ["the key is not the App's"]),
        (NotPermitted("no branch \x1b]0;mine\x07here"), 1, ["no branch ]0;minehere"]),
        (Stop("no such job"), 1, ["no such job"]),
        (Stop("not like that", 2), 2, ["not like that"]),
    ],
)
def test_what_an_operator_can_mend_is_said_in_plain_lines(error: Exception, code: int, said: list[str]) -> None:
    done = CliRunner().invoke(raising(error), ["act"])
    assert done.exit_code == code
    assert done.stderr.splitlines() == [f"forgehand: {line}" for line in said]
    assert done.stdout == ""


def test_a_github_out_of_reach_has_a_remedy() -> None:
    done = CliRunner().invoke(raising(Unreachable("GitHub gave no answer")), ["act"])
    assert done.exit_code == 1
    assert done.stderr.startswith("forgehand: GitHub gave no answer: try again, and see that this machine reaches")


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    done = CliRunner().invoke(raising(KeyError("x")), ["act"])
    assert isinstance(done.exception, KeyError)


def test_a_wrong_option_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["serve", "--nope"]).exit_code == 2


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["jobs", "list", "--limit", "abc"], "'abc' is not a whole number"),
        (["policy", "simulate", "--days", "some"], "'some' is not a number"),
        (["review", "--daemon", "0"], "'0' is not at least 1"),
        (["practice", "--port", "65536"], "'65536' is not at most 65535"),
    ],
)
def test_a_number_that_is_none_is_said_as_it_was_given(argv: list[str], said: str) -> None:
    done = CliRunner().invoke(app, argv)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Input should" not in done.stderr


def test_a_state_that_does_not_exist_is_named_with_those_that_do() -> None:
    done = CliRunner().invoke(app, ["jobs", "list", "--state", "broken"])
    assert done.exit_code == 2
    assert "no state 'broken'" in done.stderr
    assert "dead_letter" in done.stderr


def test_an_effect_is_not_settled_without_a_decision() -> None:
    done = CliRunner().invoke(app, ["effects", "settle", "0123456789ab"])
    assert done.exit_code == 2
    assert "say --happened or --again" in done.stderr


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['forgehand', '--help']\n"
        "from forgehand.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    heavy = {"pydantic", "sqlalchemy", "githubkit", "uvicorn", "starlette", "structlog", "asyncio"}
    assert "Usage: forgehand" in done.stdout
    assert set(done.stderr.split()).isdisjoint(heavy)


def test_the_version_is_the_package_s() -> None:
    from importlib.metadata import version

    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"forgehand {version('forgehand')}\n")
