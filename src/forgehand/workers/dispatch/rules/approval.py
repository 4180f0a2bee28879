"""Whether a comment on an outcome issue approves the targets that wait for it. Pure; called by `approve_worker`."""

import re
from dataclasses import dataclass

from forgehand.domain.permissions import Permission
from forgehand.workers.dispatch.rules.attempts import Last, overtaken

SKEW = 30.0
"""Seconds by which GitHub's clock may be behind ours."""
_COMMAND = re.compile(r"/forgehand[ \t]+approve[ \t]+([0-9a-f]{7,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """`sha` is what the comment names and `said_at` when it was made. `head` is the commit of its run, `attempt` the
    one that was planned for, at `planned_at`, and `waiting` how many targets of it wait."""

    sha: str
    said_at: float
    author: str
    permission: Permission
    head: str
    attempt: int
    planned_at: float
    waiting: int
    last: Last


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
    if facts.said_at < facts.planned_at - SKEW:
        return f"It was said before attempt {facts.attempt} of the run was planned for: say it again."
    if why := overtaken(facts.attempt, facts.last):
        return why
    return "" if facts.waiting else "No target waits for approval."
