"""What the commands worker says. Pure, so the same answer gives the same bytes. Called by `worker`.

Words of comments come from strangers: `markdown` makes them harmless before they stand here.
"""

from collections.abc import Iterable

from forgehand.crafts.markdown import code, prose

_HELP = {
    "review": ("", "look at the present commit once more"),
    "retest": ("", "run its tests once more"),
    "merge": (" COMMIT", "merge this commit once nothing stands in its way"),
    "approve": (" COMMIT", "approve this commit, where the repository's configuration asks for approvals"),
    "stop": ("", "merge nothing here until somebody says `merge`"),
    "help": ("", "this list"),
}
_MORE = "Without COMMIT it is about the commit that was there when you wrote. The first command of a comment counts."


def answer_body(command: str, author: str, says: str, *, taken: bool, offers: Iterable[str] = ()) -> str:
    """The comment: what was asked, whether it is done, and why not or what comes next."""
    head = f"{'✅' if taken else '❌'} {prose(author)}: {code(command)}\n\n{prose(says)}\n"
    lines = [_line(verb, *_HELP[verb]) for verb in offers]
    return "\n".join([head, *lines, "", _MORE, ""]) if lines else head


def _line(verb: str, takes: str, does: str) -> str:
    return f"- {code(f'/forgehand {verb}{takes}')}: {prose(does)}"
