"""Finding the command in a comment. Called by `worker`, in a thread: Markdown of a comment's size can take seconds.

Only a line that begins with `/forgehand`, and that GitHub shows as ordinary text, is a command: what stands in code, in
a quote or in a list tells about one.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from forgehand.workers.commands.rules import Command, Mistake, Verb, named

if TYPE_CHECKING:
    from markdown_it.token import Token

MENTION = "/forgehand"


def command_in(body: str) -> Command | Mistake | None:
    """The first command of a comment; None where there is none."""
    if MENTION not in body.lower():
        return None
    for line in _lines(body):
        first, *words = line.split() or [""]
        if first.lower() == MENTION:
            return _command(words)
    return None


def _command(words: list[str]) -> Command | Mistake:
    name, *rest = words or [Verb.HELP]
    verb = named(name)
    if verb is None:
        return Mistake(f"There is no command `{_short(name)}`.")
    if not verb.binds:
        # What follows is for people: why it shall stop, say.
        return Command(verb)
    if len(rest) > 1:
        return Mistake(f"`/forgehand {verb}` takes one word at most: the commit that it is about.")
    sha = rest[0].lower() if rest else ""
    if sha and not _is_sha(sha):
        return Mistake(f"`{_short(sha)}` is no commit: give 7 to 40 of its hexadecimal digits.")
    return Command(verb, sha)


def _lines(body: str) -> Iterator[str]:
    """The lines of the paragraphs that stand in nothing else, as GitHub reads them."""
    # Imported here: most comments name no command.
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(body)
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type == "paragraph_open" and before.level == 0:
            yield from _broken(token.children or [])


def _broken(children: "list[Token]") -> Iterator[str]:
    """Each line, up to what is no plain text in it."""
    line, plain = "", True
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            yield line
            line, plain = "", True
        elif plain and child.type == "text":
            line += child.content
        else:
            plain = False
    yield line


def _is_sha(word: str) -> bool:
    return 7 <= len(word) <= 40 and set(word) <= set("0123456789abcdef")


def _short(word: str) -> str:
    return (word if len(word) <= 40 else f"{word[:40]}…").replace("`", "'")
