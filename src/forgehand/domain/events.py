"""A stored delivery becomes a typed event: the small subset of a payload that routing and workers need.

Called by `engine.planner`. Nothing below this line of the house looks into a payload again. The full models of
GitHub's payloads are not used on purpose: they cost a second and 100 MB to import, and real payloads miss them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forgehand.domain.deliveries import Delivery
from forgehand.domain.payloads import flag, mapping, mappings, number, text
from forgehand.domain.repositories import Repo
from forgehand.domain.runs import RunRef, run_ref

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
    name. `commit` and `branches` are those of a check or status, `app` the id of the App that made the check.
    `run` is the run of a workflow that a `workflow_run` tells of. `rebased`: the pull request goes into another branch
    than before."""

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
    run: RunRef | None = None
    rebased: bool = False

    @property
    def subject(self) -> str:
        """What a job about it is about."""
        if self.pull:
            return f"pull/{self.pull.number}"
        if self.run:
            return self.run.subject
        if self.commit:
            return f"commit/{self.commit}"
        return f"branch/{self.branch}" if self.branch else f"event/{self.name}"

    @property
    def branch(self) -> str:
        """The branch that was pushed to, made or deleted; empty where it was a tag, or nothing was pushed."""
        ref = self.moved.ref if self.moved else ""
        return ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else ""


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
    repository = mapping(payload, "repository")
    installation = mapping(payload, "installation").get("id")
    if not isinstance(repository.get("id"), int) or not isinstance(repository.get("full_name"), str):
        return Unhandled(f"{delivery.event} names no repository")
    if not isinstance(installation, int):
        return Unhandled(f"{delivery.event} names no installation of the App")
    action = payload.get("action")
    sender = mapping(payload, "sender")
    check = mapping(payload, delivery.event) if delivery.event in _CHECKS else {}
    pulls = _pulls(payload, check, repository["id"])
    return Event(
        delivery=delivery.guid,
        name=delivery.event,
        action=action if isinstance(action, str) else None,
        repo=Repo(installation, repository["id"], repository["full_name"]),
        sender=text(sender, "login"),
        sender_is_bot=sender.get("type") == "Bot",
        pull=pulls[0] if pulls else None,
        more_pulls=pulls[1:],
        commit=text(check, "head_sha") or (text(payload, "sha") if delivery.event == "status" else ""),
        branches=_branches(payload, delivery.event),
        app=number(mapping(check, "app"), "id"),
        moved=_moved(payload, delivery.event),
        comment=_comment(payload) if delivery.event == "issue_comment" else None,
        run=run_ref(payload) if delivery.event == "workflow_run" else None,
        rebased=delivery.event == "pull_request" and bool(mapping(mapping(payload, "changes"), "base")),
    )


def each_about_one(event: Event) -> tuple[Event, ...]:
    """The event once for each pull request that it names."""
    return (replace(event, more_pulls=()), *(replace(event, pull=each, more_pulls=()) for each in event.more_pulls))


_CHECKS = ("check_run", "check_suite")


def _pulls(payload: Mapping[str, Any], check: Mapping[str, Any], repository: int) -> tuple[PullRef, ...]:
    """The pull requests that an event names. A check names those whose head is in its repository: none of a fork's,
    and some that go into another repository and are none of ours. A comment's issue is one where it has the key."""
    issue = mapping(payload, "issue")
    if "pull_request" in issue and isinstance(issue.get("number"), int):
        return (PullRef(issue["number"], draft=flag(issue, "draft")),)
    listed = mappings(check, "pull_requests")
    here = [each for each in listed if mapping(mapping(each, "base"), "repo").get("id") in (None, repository)]
    found = (_pull(each) for each in (mapping(payload, "pull_request"), *here))
    return tuple(each for each in found if each)


def _pull(pull: Mapping[str, Any]) -> PullRef | None:
    head, base = mapping(pull, "head"), mapping(pull, "base")
    if not isinstance(pull.get("number"), int) or "sha" not in head or "ref" not in base:
        return None
    return PullRef(
        number=pull["number"],
        head_sha=text(head, "sha"),
        head_ref=text(head, "ref"),
        base_ref=text(base, "ref"),
        draft=flag(pull, "draft"),
        # GitHub sends null once a fork has been deleted.
        head_repository=mapping(head, "repo").get("full_name"),
    )


def _branches(payload: Mapping[str, Any], event: str) -> tuple[str, ...]:
    """The names of the branches whose tip a status is about: GitHub names at most ten."""
    return tuple(text(each, "name") for each in mappings(payload, "branches")) if event == "status" else ()


def _moved(payload: Mapping[str, Any], event: str) -> Moved | None:
    if event == "push" or (event == "pull_request" and payload.get("action") == "synchronize"):
        before, after = text(payload, "before"), text(payload, "after")
        return Moved(text(payload, "ref"), "" if before == _NONE else before, "" if after == _NONE else after)
    return None


def _comment(payload: Mapping[str, Any]) -> CommentRef | None:
    comment, issue = mapping(payload, "comment"), mapping(payload, "issue").get("number")
    if not isinstance(comment.get("id"), int) or not isinstance(issue, int):
        return None
    lines = text(comment, "body").strip().splitlines()
    author = text(mapping(comment, "user"), "login")
    return CommentRef(comment["id"], issue, author, lines[0][:MOST_HINT] if lines else "")
