"""Which line of a comment is a command, and which only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.workers.commands.parsing import command_in
from forgehand.workers.commands.rules import Command, Mistake, Verb


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/forgehand review", Command(Verb.REVIEW)),
        ("  /Forgehand\tMERGE ABC1234 \r\n", Command(Verb.MERGE, "abc1234")),
        ("Looks good.\n/forgehand merge abc1234\nThank you!", Command(Verb.MERGE, "abc1234")),
        ("Looks good.\\\n/forgehand approve", Command(Verb.APPROVE)),
        ("/forgehand stop we wait for the release", Command(Verb.STOP)),
        ("/forgehand", Command(Verb.HELP)),
        ("/forgehand stop\n/forgehand merge", Command(Verb.STOP)),
        ("- one\n\n/forgehand retest", Command(Verb.RETEST)),
        ("> quoted\n\n/forgehand plan", Command(Verb.PLAN)),
        ("```\n/forgehand stop\n```\n/forgehand go", Command(Verb.GO)),
    ],
)
def test_the_first_line_that_is_a_command_counts(body: str, command: Command) -> None:
    assert command_in(body) == command


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Just say /forgehand merge.",
        "> /forgehand merge",
        "> they said\n/forgehand merge",
        "```\n/forgehand merge\n```",
        "~~~sh\n/forgehand merge",
        "    /forgehand merge",
        "`one\n/forgehand merge\ntwo`",
        "<!--\n/forgehand merge\n-->",
        "Hidden <!--\n/forgehand merge\n-->",
        "<details>\n/forgehand merge\n</details>",
        "- /forgehand merge",
        "- a list\n/forgehand merge",
        "# /forgehand merge",
        "**/forgehand merge**",
        "/forgehands merge",
        "/forgehand-merge",
    ],
)
def test_what_stands_in_something_else_is_no_command(body: str) -> None:
    assert command_in(body) is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("/forgehand dance", "There is no command `dance`."),
        (f"/forgehand {'x' * 60}", f"There is no command `{'x' * 40}…`."),
        ("/forgehand merge now", "`now` is no commit: give 7 to 40 of its hexadecimal digits."),
        ("/forgehand merge abc123", "`abc123` is no commit: give 7 to 40 of its hexadecimal digits."),
        (
            "/forgehand approve abc1234 please",
            "`/forgehand approve` takes one word at most: the commit that it is about.",
        ),
    ],
)
def test_a_mistake_is_explained(body: str, says: str) -> None:
    assert command_in(body) == Mistake(says)


@given(st.text(alphabet="/forgehand merge`>~-#\n\t *<!\\[](abc123", max_size=200))
def test_no_comment_breaks_the_reading(noise: str) -> None:
    found = command_in(f"{noise}\n\n/forgehand stop")
    assert found is None or isinstance(found, Command | Mistake)
