import io
import json
import logging
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
import structlog
from pydantic import SecretStr

from forgehand.assembly.logs import RotatingLog, set_up_logs
from forgehand.assembly.settings import read_settings

TOKEN = "gh" + "s_" + "A" * 36
LONG = "gh" + "s_" + "A1b2." * 103


def logged(what: object, *, text: bool = False) -> str:
    """What one event leaves in the log, in both of its forms."""
    stream = io.StringIO()
    set_up_logs(
        read_settings(
            log_format="text" if text else "json",
            github_webhook_secret=SecretStr("the webhook's own secret"),
            database_url="postgresql://forgehand:pass%21word99@db/forgehand",
            otlp_url="https://collects:trac%21ngs@collector/v1/traces?team=ops&key=opens%20the%20door",
        ),
        stream,
    )
    structlog.get_logger("test").info("event", what=what)
    logging.getLogger("library").warning("it says %s", what)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _as_it_was() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "secret",
    [
        *(TOKEN, LONG, "the webhook's own secret", "pass%21word99", "pass!word99"),
        *("collects", "trac%21ngs", "trac!ngs", "opens%20the%20door", "opens the door"),
    ],
)
@pytest.mark.parametrize("shape", ["{}", "x {} y", "https://x-access-token:{}@github.com/o/r", "Bearer {}"])
def test_a_secret_never_reaches_the_log(secret: str, shape: str) -> None:
    text = shape.format(secret)
    for what in (text, [text], {"key": text}, {text: 1}, text.encode(), RuntimeError(text)):
        assert secret not in logged(what)


class Interrupted(io.StringIO):
    """Wherever a line is not written as a whole, another thread logs in its midst."""

    def write(self, text: str) -> int:
        written = super().write(text)
        if not text.endswith("\n"):
            other = Thread(target=logging.getLogger("library").warning, args=("in the midst",))
            other.start()
            other.join()
        return written


def test_a_line_is_written_as_a_whole_whoever_else_logs() -> None:
    stream = Interrupted()
    set_up_logs(read_settings(log_format="json"), stream)
    structlog.get_logger("test").info("ours")
    logging.getLogger("library").warning("theirs")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours", "theirs"]


def test_a_one_time_link_and_an_address_with_a_password_are_hidden() -> None:
    assert "abcdef123" not in logged("http://127.0.0.1/admin/sign-in?token=abcdef123")
    assert "sesame" not in logged("could not reach postgresql://me:sesame@db/x")


def test_a_terminal_obeys_nothing_that_was_logged() -> None:
    said = logged("red \x1b[31m and \x9b31m", text=True)
    assert "\x1b[31m and" not in said
    assert "\x9b" not in said


def test_a_file_of_lines_is_kept_within_its_size_and_older_ones_beside_it(tmp_path: Path) -> None:
    with closing(RotatingLog(tmp_path / "review.log", size=100)) as log:
        for number in range(30):
            log.write(f"line {number} of the log\n")
            log.write("\n")
    kept = sorted(tmp_path.iterdir())
    assert [path.name for path in kept] == ["review.log", "review.log.1", "review.log.2", "review.log.3"]
    assert kept[0].read_text().splitlines()[-1] == "line 29 of the log"
    assert all(path.stat().st_size <= 100 for path in kept)
