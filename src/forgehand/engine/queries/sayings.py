"""What jobs and facts say of themselves, in a line. Shown by pages and by the command line."""

import re
from collections.abc import Mapping
from typing import Any

from forgehand.domain.jobs import Job

MOST = 300
_SHA = re.compile(r"[0-9a-f]{40}")


def came_of(job: Job) -> str:
    """Why a job is where it is, or else what came of it."""
    return job.why or brief(job.result or {})


def brief(result: Mapping[str, Any]) -> str:
    """A job's result in a line, its reason before its counts: `failure: 1 major finding · findings 5`. One that had
    nothing to do says why: `skipped: draft`."""
    said = [": ".join(str(result[name]) for name in ("conclusion", "why") if result.get(name))]
    said += [f"skipped: {result['skipped']}"] if result.get("skipped") else []
    # A truth is an int to Python, and no count.
    counts = ((name, value) for name, value in result.items() if type(value) is int and value)
    said += [f"{_worded(name)} {value}" for name, value in counts]
    return " · ".join(each for each in said if each)[:MOST]


def in_words(data: Mapping[str, Any]) -> str:
    """What a fact says besides its kind: `number: 7, head: 9f1c0de, verdict: approved`. What is empty is left out."""
    return ", ".join(f"{_worded(name)}: {_plain(value)}" for name, value in data.items() if value not in _EMPTY)


_EMPTY: tuple[object, ...] = (None, "", [], {})


def _worded(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return f"({in_words(value)})"
        case list() | tuple():
            return " and ".join(map(_plain, value))
    return str(value)[:7] if _SHA.fullmatch(str(value)) else str(value)
