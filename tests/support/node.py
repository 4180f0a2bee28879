"""The npm packages that tests read: GitHub's example webhook payloads. Called by intake and event tests."""

import json
from collections.abc import Iterator
from typing import Any

from support import needs

_EXAMPLES = needs.TESTS / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"


def webhook_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each (event name, payload) of @octokit/webhooks-examples: 329 payloads of 58 events, as GitHub sent them."""
    needs.require("node")
    for event in json.loads(_EXAMPLES.read_bytes()):
        for payload in event["examples"]:
            yield event["name"], payload
