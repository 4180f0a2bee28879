"""Which lines a patch adds, and which it shows. Used by the review worker on GitHub's patches and on git's own.

The lengths in a hunk's header decide where it ends, so that removed lines such as `-- a` (which a patch shows as
`--- a`) are never taken for headers. unidiff 1.0 was tried: it refuses whole diffs over one odd file name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class MalformedPatch(ValueError):
    """The text is no run of hunks."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Line numbers of the new file, counted from 1. `added` are the patch's `+` lines; `shown` are those and the
    context: the lines that can carry a review comment with `side=RIGHT`.
    https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request"""

    added: frozenset[int] = frozenset()
    shown: frozenset[int] = frozenset()


def read_patch(patch: str | None) -> Lines:
    """The lines of one file's patch, which starts at its first `@@`; no lines for None. Raises MalformedPatch."""
    if not patch:
        return Lines()
    added: set[int] = set()
    shown: set[int] = set()
    for line, is_added in _new_side(patch.removesuffix("\n").split("\n")):
        shown.add(line)
        if is_added:
            added.add(line)
    return Lines(frozenset(added), frozenset(shown))


def _new_side(rows: list[str]) -> Iterator[tuple[int, bool]]:
    """Each line of the new side with whether it is added."""
    at = 0
    while at < len(rows):
        header = _HUNK.match(rows[at])
        if header is None:
            raise MalformedPatch(f"expected a hunk header at row {at + 1} of the patch")
        old, new = (int(n) if n is not None else 1 for n in (header[1], header[3]))
        line = int(header[2])
        at += 1
        while old > 0 or new > 0:
            if at >= len(rows):
                raise MalformedPatch("the patch ends inside a hunk")
            sign = rows[at][:1]
            at += 1
            match sign:
                case "+":
                    yield line, True
                    line, new = line + 1, new - 1
                case "-":
                    old -= 1
                case " " | "":
                    # Some tools strip the blank that marks an empty context line.
                    yield line, False
                    line, old, new = line + 1, old - 1, new - 1
                case "\\":
                    pass
                case _:
                    raise MalformedPatch(f"row {at} of the patch starts with {sign!r}")
        while at < len(rows) and rows[at].startswith("\\"):
            at += 1
