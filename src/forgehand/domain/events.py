"""A stored delivery becomes a typed event: the small subset of a payload that routing and workers need.

Called by `engine.planner`. Nothing below this line of the house looks into a payload again. The full models of
GitHub's payloads are not used on purpose: they cost a second and 100 MB to import, and real payloads miss them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forgehand.domain.deliveries import Delivery
from forgehand.domain.repositories import Repo

MOST_HINT = 200
"""Characters of a comment's first line that are kept: enough to see whether it is meant for us."""


@dataclass(frozen=True, slots=True)
class PullRef:
    """The pull request that an event is about, as it was when the event was made: a hint, never the truth. Empty shas
    and refs, and a `draft` of None, where the event does not say."""

    number: int
    head_sha: str = ""
    head_ref: str = ""
    base_ref: str = ""
    draft: bool | None = None
    head_repository: str | None = None


@dataclass(frozen=True, slots=True)
class CommentRef:
    """A comment that was made, or changed, in an issue or pull request. `first_line` is a hint of what it may want:
    who obeys it reads it again."""

    id: int
    number: int
    author: str
    first_line: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A ref that went from one commit to another; `before` or `after` is empty where it was created or deleted. Of a
    pull request's head there is no `ref`."""

    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, where, by whom. `delivery` is the GUID it came with (or the name of the poll that found it).

    `pull` is what it is about, if anything; `more_pulls` are others, which a check on a commit that several have can
    name. `commit` and `branches` are those of a check or status, `app` the id of the App that made the check."""

    delivery: str
    name: str
    action: str | None
    repo: Repo
    sender: str
    sender_is_bot: bool
    pull: PullRef | None = None
    more_pulls: tuple[PullRef, ...] = ()
    commit: str = ""
    branches: tuple[str, ...] = ()
    app: int = 0
    moved: Moved | None = None
    comment: CommentRef | None = None

    @property
    def subject(self) -> str:
        """What a job about it is about."""
        if self.pull:
            return f"pull/{self.pull.number}"
        if self.commit:
            return f"commit/{self.commit}"
        if self.moved and self.moved.ref.startswith(_HEADS):
            return f"branch/{self.moved.ref.removeprefix(_HEADS)}"
        return f"event/{self.name}"


_HEADS = "refs/heads/"
_NONE = "0" * 40
"""How git writes that there is no commit."""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A delivery that can wake no worker, and why."""

    why: str


def parse(delivery: Delivery) -> Event | Unhandled:
    """Read the subset. Payloads are taken as they are: a missing part makes the event `Unhandled`, never an error."""
    try:
        payload = json.loads(delivery.body)
    except (ValueError, RecursionError):
        return Unhandled("the body is not JSON that can be read")
    if not isinstance(payload, Mapping):
        return Unhandled("the body is not a JSON object")
    repository = _mapping(payload, "repository")
    installation = _mapping(payload, "installation").get("id")
    if not isinstance(repository.get("id"), int) or not isinstance(repository.get("full_name"), str):
        return Unhandled(f"{delivery.event} names no repository")
    if not isinstance(installation, int):
        return Unhandled(f"{delivery.event} names no installation of the App")
    action = payload.get("action")
    sender = _mapping(payload, "sender")
    check = _mapping(payload, delivery.event) if delivery.event in _CHECKS else {}
    pulls = _pulls(payload, check, repository["id"])
    return Event(
        delivery=delivery.guid,
        name=delivery.event,
        action=action if isinstance(action, str) else None,
        repo=Repo(installation, repository["id"], repository["full_name"]),
        sender=_text(sender, "login"),
        sender_is_bot=sender.get("type") == "Bot",
        pull=pulls[0] if pulls else None,
        more_pulls=pulls[1:],
        commit=_text(check, "head_sha") or (_text(payload, "sha") if delivery.event == "status" else ""),
        branches=_branches(payload, delivery.event),
        app=_number(_mapping(check, "app"), "id"),
        moved=_moved(payload, delivery.event),
        comment=_comment(payload) if delivery.event == "issue_comment" else None,
    )


def each_about_one(event: Event) -> tuple[Event, ...]:
    """The event once for each pull request that it names."""
    return (replace(event, more_pulls=()), *(replace(event, pull=each, more_pulls=()) for each in event.more_pulls))


_CHECKS = ("check_run", "check_suite")


def _pulls(payload: Mapping[str, Any], check: Mapping[str, Any], repository: int) -> tuple[PullRef, ...]:
    """The pull requests that an event names. A check names those whose head is in its repository: none of a fork's,
    and some that go into another repository and are none of ours. A comment's issue is one where it has the key."""
    issue = _mapping(payload, "issue")
    if "pull_request" in issue and isinstance(issue.get("number"), int):
        return (PullRef(issue["number"], draft=_flag(issue, "draft")),)
    listed = _mappings(check, "pull_requests")
    here = [each for each in listed if _mapping(_mapping(each, "base"), "repo").get("id") in (None, repository)]
    found = (_pull(each) for each in (_mapping(payload, "pull_request"), *here))
    return tuple(each for each in found if each)


def _pull(pull: Mapping[str, Any]) -> PullRef | None:
    head, base = _mapping(pull, "head"), _mapping(pull, "base")
    if not isinstance(pull.get("number"), int) or "sha" not in head or "ref" not in base:
        return None
    return PullRef(
        number=pull["number"],
        head_sha=_text(head, "sha"),
        head_ref=_text(head, "ref"),
        base_ref=_text(base, "ref"),
        draft=_flag(pull, "draft"),
        # GitHub sends null once a fork has been deleted.
        head_repository=_mapping(head, "repo").get("full_name"),
    )


def _branches(payload: Mapping[str, Any], event: str) -> tuple[str, ...]:
    """The names of the branches whose tip a status is about: GitHub names at most ten."""
    return tuple(_text(each, "name") for each in _mappings(payload, "branches")) if event == "status" else ()


def _moved(payload: Mapping[str, Any], event: str) -> Moved | None:
    if event == "push" or (event == "pull_request" and payload.get("action") == "synchronize"):
        before, after = _text(payload, "before"), _text(payload, "after")
        return Moved(_text(payload, "ref"), "" if before == _NONE else before, "" if after == _NONE else after)
    return None


def _comment(payload: Mapping[str, Any]) -> CommentRef | None:
    comment, number = _mapping(payload, "comment"), _mapping(payload, "issue").get("number")
    if not isinstance(comment.get("id"), int) or not isinstance(number, int):
        return None
    lines = _text(comment, "body").strip().splitlines()
    author = _text(_mapping(comment, "user"), "login")
    return CommentRef(comment["id"], number, author, lines[0][:MOST_HINT] if lines else "")


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}


def _mappings(of: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = of.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""


def _number(of: Mapping[str, Any], key: str) -> int:
    value = of.get(key)
    return value if isinstance(value, int) else 0


def _flag(of: Mapping[str, Any], key: str) -> bool | None:
    value = of.get(key)
    return value if isinstance(value, bool) else None
