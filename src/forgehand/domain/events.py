"""A stored delivery becomes a typed event: the small subset of a payload that routing and workers need.

Called by `engine.planner`. Nothing below this line of the house looks into a payload again. The full models of
GitHub's payloads are not used on purpose: they cost a second and 100 MB to import, and real payloads miss them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.domain.deliveries import Delivery
from forgehand.domain.repositories import Repo


@dataclass(frozen=True, slots=True)
class PullRef:
    """The pull request that an event is about, as it was when the event was made: a hint, never the truth."""

    number: int
    head_sha: str
    head_ref: str
    base_ref: str
    draft: bool
    head_repository: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, where, by whom. `delivery` is the GUID it came with (or the name of the poll that found it)."""

    delivery: str
    name: str
    action: str | None
    repo: Repo
    sender: str
    sender_is_bot: bool
    pull: PullRef | None = None


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
    return Event(
        delivery=delivery.guid,
        name=delivery.event,
        action=action if isinstance(action, str) else None,
        repo=Repo(installation, repository["id"], repository["full_name"]),
        sender=str(sender.get("login", "")),
        sender_is_bot=sender.get("type") == "Bot",
        pull=_pull(_mapping(payload, "pull_request")),
    )


def _pull(pull: Mapping[str, Any]) -> PullRef | None:
    head, base = _mapping(pull, "head"), _mapping(pull, "base")
    if not isinstance(pull.get("number"), int) or "sha" not in head or "ref" not in base:
        return None
    return PullRef(
        number=pull["number"],
        head_sha=str(head["sha"]),
        head_ref=str(head.get("ref", "")),
        base_ref=str(base["ref"]),
        draft=pull.get("draft") is True,
        # GitHub sends null once a fork has been deleted.
        head_repository=_mapping(head, "repo").get("full_name"),
    )


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}
