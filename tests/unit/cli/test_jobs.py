import pytest

from forgehand.cli.errors import Stop
from forgehand.cli.jobs import say
from forgehand.engine.operations import Acted


def test_what_an_operation_says_is_text_and_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(Acted(True, "Waits for \x1b[2Jfeature\r."))
    assert capsys.readouterr().out == "Waits for [2Jfeature.\n"


def test_an_operation_that_changed_nothing_is_a_failure_that_says_why() -> None:
    with pytest.raises(Stop, match="it has ended"):
        say(Acted(False, "it has ended"))
