"""An app's webhook and its deliveries. https://docs.github.com/en/rest/apps/webhooks"""

import json
from typing import Any

from forgehand.practice.records import App, Delivery
from forgehand.practice.times import iso


def config(app: App) -> dict[str, Any]:
    """The secret is never shown."""
    body = {"content_type": "json", "insecure_ssl": "0", "url": app.webhook_url or ""}
    return body | ({"secret": "********"} if app.webhook_secret else {})


def item(value: Delivery) -> dict[str, Any]:
    return {
        "id": value.id,
        "guid": value.guid,
        "delivered_at": iso(value.delivered_at),
        "redelivery": value.redelivery,
        "duration": value.duration,
        "status": value.status,
        "status_code": value.status_code,
        "event": value.event,
        "action": value.action,
        "installation_id": value.installation_id,
        "repository_id": value.repository_id,
        "throttled_at": None,
    }


def delivery(value: Delivery) -> dict[str, Any]:
    return item(value) | {
        "url": value.url,
        "request": {"headers": dict(value.request_headers), "payload": json.loads(value.request_body)},
        "response": {"headers": dict(value.response_headers), "payload": value.response_body},
    }
