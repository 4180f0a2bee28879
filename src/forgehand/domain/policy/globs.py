"""Patterns of policy: globs over paths and branches, and wildcards over names. Matching takes time proportional to
pattern times text, whatever the pattern: whoever writes a policy cannot make it slow. Used by `conditions`.

A glob is anchored on both sides. `*` is any run of characters but `/`, `?` one of them, and `**` as a whole segment any
number of folders, none included: `src/**` is everything below src, `**/*.md` every Markdown file. A wildcard is `*`
alone, which may then be anything; it compares without regard to case, as GitHub does with labels and logins.
"""

from collections.abc import Iterable

MAX_LENGTH = 200


def flaw(glob: str) -> str:
    """Why this is no glob, with what to write instead; empty where it is one."""
    if not glob or len(glob) > MAX_LENGTH:
        return f"a pattern has 1 to {MAX_LENGTH} characters"
    if any(ord(character) < 32 for character in glob):
        return "a pattern has no control characters"
    for mark, instead in _NOT_UNDERSTOOD.items():
        if mark in glob:
            return f"“{mark}” is not understood here: {instead}"
    if glob.startswith("/"):
        return f"paths have no / at their beginning: write {glob.lstrip('/') or '**'}"
    if glob.endswith("/"):
        return f"for all that is below a folder, write {glob}**"
    for segment in glob.split("/"):
        if segment in ("", ".", ".."):
            return "every segment between slashes has a name: no //, no . and no .."
        if "**" in segment and segment != "**":
            return f"** stands alone between slashes: write **/{segment.replace('**', '*')}"
    return ""


_NOT_UNDERSTOOD = {
    "\\": "folders are separated by /",
    "[": "write one pattern for each alternative",
    "{": "write one pattern for each alternative",
    "!": "write what is excluded under `none`",
}


def matches(glob: str, path: str) -> bool:
    """Whether the whole path is what the glob says."""
    # What ends with ** is about what is in the folder, not about the folder itself.
    patterns = (f"{glob}/*" if glob.endswith("**") else glob).split("/")
    segments = path.split("/")
    # reached[i]: the patterns looked at so far match the first i segments.
    reached = [True] + [False] * len(segments)
    for pattern in patterns:
        if pattern == "**":
            first = reached.index(True) if True in reached else len(reached)
            reached = [index >= first for index in range(len(reached))]
        else:
            ahead = [before and _like(pattern, name) for before, name in zip(reached, segments, strict=False)]
            reached = [False, *ahead]
    return reached[-1]


def any_matches(globs: Iterable[str], path: str) -> bool:
    return any(matches(glob, path) for glob in globs)


def is_like(wildcard: str, name: str) -> bool:
    """Whether the whole name is what the wildcard says, `*` being anything and every other character itself."""
    return _like(wildcard.casefold(), name.casefold(), single="")


def _like(pattern: str, text: str, single: str = "?") -> bool:
    """The one way back is to the last `*`, which takes one character more: nothing grows beyond pattern × text."""
    at = here = 0
    star = mark = -1
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, here
            at += 1
        elif at < len(pattern) and (pattern[at] == text[here] or pattern[at] == single):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return all(character == "*" for character in pattern[at:])
