"""Whether a comment on an outcome issue approves the targets that wait for it. Pure; called by `approve_worker`."""

import re
from dataclasses import dataclass

from forgehand.domain.permissions import Permission

_COMMAND = re.compile(r"/forgehand[ \t]+approve[ \t]+([0-9a-f]{7,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """`sha` is what the comment names, `head` the commit of the run, `waiting` how many targets wait."""

    sha: str
    author: str
    permission: Permission
    head: str
    waiting: int


def commit_in(body: str) -> str | None:
    """The commit that a comment approves; None where it says anything else: what is quoted orders nothing."""
    found = _COMMAND.fullmatch(body.strip())
    return found[1].lower() if found else None


def refused(facts: Facts) -> str:
    """Why it approves nothing, as a sentence; empty where it does."""
    if not facts.permission.writes:
        return f"{facts.author} may not write here."
    if not facts.head.startswith(facts.sha):
        return f"The run is of {facts.head[:7]}, not of {facts.sha[:7]}."
    return "" if facts.waiting else "No target waits for approval."
