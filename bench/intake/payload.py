"""Real `pull_request.opened` payloads of GitHub, signed. Called by `__main__`.

GitHub's own example (npm @octokit/webhooks-examples) is brought to 25 KB by the description of the pull request, and
told of so many pull requests that hardly two in flight are of the same one.
"""

import copy
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

EXAMPLES = (
    Path(__file__).resolve().parents[2] / "tests/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
)
SIZE = 25_000
PULLS = 128
EVENT = "pull_request"
SECRET = secrets.token_hex(20)
"""Of this measurement alone."""


@dataclass(frozen=True)
class Signed:
    body: bytes
    signature: str


@cache
def deliveries() -> tuple[Signed, ...]:
    """`PULLS` bodies of `SIZE` bytes, each with its signature under `SECRET`."""
    example = _example()
    return tuple(_signed(_of_pull(example, number)) for number in range(1, PULLS + 1))


def _example() -> dict[str, Any]:
    if not EXAMPLES.exists():
        raise SystemExit("GitHub's example payloads are not there: ./dev test installs tests/node_modules")
    events = json.loads(EXAMPLES.read_bytes())
    opened = [
        payload
        for event in events
        if event["name"] == EVENT
        for payload in event["examples"]
        if payload["action"] == "opened" and "installation" in payload and not payload["pull_request"]["draft"]
    ]
    return max(opened, key=lambda payload: len(_encode(payload)))


def _of_pull(example: dict[str, Any], number: int) -> bytes:
    payload = copy.deepcopy(example)
    pull = payload["pull_request"]
    payload["number"] = pull["number"] = number
    pull["head"]["sha"] = hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()
    pull["body"] = pull["body"] or ""
    pull["body"] += _words(SIZE - len(_encode(payload)))
    return _encode(payload)


def _words(length: int) -> str:
    """Prose, as descriptions are, and not one letter over and over: PostgreSQL compresses what it stores."""
    text, number = "", 0
    while len(text) < length:
        text += f" step {number} of this change moves {hashlib.sha1(str(number).encode()).hexdigest()[:7]} elsewhere."
        number += 1
    return text[: max(0, length)]


def _signed(body: bytes) -> Signed:
    return Signed(body, "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex())


def _encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()
