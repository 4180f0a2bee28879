"""A webhook delivery, and the check of its signature. Called by `web.intake` before anything is stored."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

MAX_BODY_BYTES = 25 * 1024 * 1024
"""GitHub caps payloads at 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as GitHub sent it: `body` is the raw bytes that were signed, `received_at` is epoch seconds."""

    guid: str
    event: str
    body: bytes
    received_at: float


POLLED, ASKED = "poll:", "asked:"
"""How the name of what no delivery told begins: what the poll found, and what somebody asked for."""


def untold(name: str) -> str:
    """What stands in a delivery's place, in words; empty where the name is a delivery's."""
    return next((words for prefix, words in _UNTOLD.items() if name.startswith(prefix)), "")


_UNTOLD = {POLLED: "found by the poll", ASKED: "asked for by hand"}


def verify(secrets: Sequence[bytes], body: bytes, signature: str) -> bool:
    """Whether `signature` (`sha256=<hex>`) signs `body` under any of `secrets`: the current one, or the previous
    one while a rotation lasts. Constant time for each secret.

    Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    given = signature.encode("ascii", "replace")
    matches = [
        hmac.compare_digest(b"sha256=" + hmac.digest(secret, body, hashlib.sha256).hex().encode(), given)
        for secret in secrets
        if secret
    ]
    return any(matches)
