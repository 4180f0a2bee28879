"""Jinja2 with our words: relative times, badges, links that cannot carry script. Used by every page."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forgehand.domain.deliveries import untold
from forgehand.domain.jobs import Job, JobState
from forgehand.engine.operations import RETRIABLE
from forgehand.engine.queries import came_of, exactness, in_words

HERE = Path(__file__).resolve().parent

_TONES = {
    "completed": "good",
    "done": "good",
    "failed": "bad",
    "dead_letter": "bad",
    "rejected": "bad",
    "unknown": "bad",
    "refused": "warn",
    "waiting": "warn",
    "claimed": "busy",
    "running": "busy",
    "sending": "busy",
    "ready": "good",
    "merged": "good",
    "satisfied": "good",
    "blocked": "bad",
    "violated": "bad",
    "queued": "busy",
    "not yet": "warn",
    "denied": "warn",
    "waits for approval": "warn",
    "started": "busy",
    "success": "good",
    "failure": "bad",
    "timed_out": "bad",
    "action_required": "bad",
    "startup_failure": "bad",
    "green": "good",
    "amber": "warn",
    "red": "bad",
}


class Rendering:
    """`github_url` is where repositories are looked at (`https://github.com`)."""

    def __init__(self, clock: Callable[[], float], github_url: str, version: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        github = github_url.rstrip("/")
        self._environment.filters.update(
            ago=lambda at: relative(at, clock()),
            iso=lambda at: _utc(at).isoformat(),
            absolute=lambda at: _utc(at).strftime("%Y-%m-%d %H:%M:%S UTC"),
            clock=lambda at: _utc(at).strftime("%m-%d %H:%M"),
            words=lambda state: str(state).replace("_", " "),
            tone=lambda state: _TONES.get(str(state), "calm"),
            lasting=lasting,
            retriable=lambda job: job.state in RETRIABLE,
            outcome=lambda job: outcome(job, clock()),
            pretty=pretty,
            href=safe_url,
            path=lambda text: quote(str(text), safe=""),
            short=short,
            successor=successor,
            untold=untold,
            in_words=in_words,
            exactness=exactness,
            place=place,
            says=says,
            on_github=lambda subject, repository: subject_url(github, repository, subject),
        )
        self._environment.globals.update(version=version, did=did)

    def text(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(**values)


def relative(at: float, now: float) -> str:
    """How far away a time is, in the largest unit that fits: `12 s ago`, `in 3 min`."""
    distance = abs(now - at)
    if distance < 1:
        return "now"
    for unit, seconds in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if distance >= seconds:
            amount = f"{int(distance // seconds)} {unit}"
            return f"{amount} ago" if at <= now else f"in {amount}"
    return "now"


def lasting(seconds: float) -> str:
    """A duration, as short as it stays exact enough: `0.84 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def outcome(job: Job, now: float) -> str:
    """In one line: why a job is where it is, or what came of it."""
    if job.state is JobState.PENDING and job.attempts:
        return f"tries again {relative(job.run_at, now)}, after attempt {job.attempts} of {job.max_attempts}: {job.why}"
    if job.state is JobState.PENDING:
        return "due now" if job.run_at <= now else f"due {relative(job.run_at, now)}"
    if job.state.held:
        return f"attempt {job.attempts} of {job.max_attempts}"
    if job.state is JobState.WAITING and not job.why:
        return f"waits for {job.waiting_for}"
    return came_of(job)


def short(name: str) -> str:
    """As much of an id as people compare."""
    return name if len(name) <= 12 else name[:8]


def successor(why: str) -> tuple[str, str]:
    """The job that superseded another, by the reason which that one gives, and its commit; both empty for any other
    reason."""
    told = _SUPERSEDED.fullmatch(why)
    return (told[1], told[2] or "") if told else ("", "")


_SUPERSEDED = re.compile(r"superseded by (\S+)(?: at (\S+))?")
"""What every store says of a job whose lane went on to another."""


def did(what: str, data: Mapping[str, Any]) -> str:
    """What somebody did, by the name of the fact behind `admin.`."""
    if what == "settle":
        return f"said of an unknown effect: {data.get('verdict') or 'settled'}"
    return _DID.get(what, what.replace("_", " "))


_DID = {
    "cancel": "cancelled a job",
    "retry": "let a job run again",
    "replay": "replayed a delivery",
    "pause": "paused all writes",
    "resume": "let writes go on",
    "sign_in": "signed in",
    "link": "made a one-time link to sign in with",
}


def safe_url(url: str | None) -> str:
    """The URL if it is a web address, else nothing: a stored `javascript:` must never become a link."""
    return url if url and url.startswith(("https://", "http://")) else ""


def subject_url(github: str, repository: str, subject: str) -> str:
    """Where a job's subject is seen on GitHub: the pull request or issue, else its repository."""
    if not repository:
        return ""
    kind, _, number = subject.partition("/")
    tail = f"/{kind}/{number}" if kind in ("pull", "issues") and number.isdigit() else ""
    return safe_url(f"{github}/{quote(repository)}{tail}")


def content_parts(content: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """An effect's content for people: (name, how to show it, value), long texts last."""
    parts: list[tuple[str, str, Any]] = []
    for name, value in content.items():
        if value in ("", [], {}, None):
            continue
        shown = "text" if isinstance(value, str) and ("\n" in value or len(value) > 100) else "line"
        if isinstance(value, list | dict):
            shown = "list" if isinstance(value, list) and all(isinstance(each, dict) for each in value) else "json"
        parts.append((name, shown, value))
    return sorted(parts, key=lambda part: ("line", "text", "list", "json").index(part[1]))


def place(item: Mapping[str, Any]) -> str:
    """Where in the files one item of a list is: `app/main.py:12`, or empty. Comments name a `line`, annotations a
    `start_line`."""
    path, line = item.get("path"), item.get("line") or item.get("start_line")
    return f"{path}:{line}" if path and line else str(path or "")


def says(item: Mapping[str, Any]) -> str:
    """What one item of a list says to people: its title and its text, or all of it where it has neither."""
    told = [str(item[name]) for name in ("title", "body", "message") if item.get(name)]
    return "\n\n".join(told) or pretty(item)


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
