"""Registers an app from a manifest and keeps its one-time code. For `pages.settings` and `routes.manifest`.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
import secrets
from urllib.parse import urlencode, urlsplit, urlunsplit

from forgehand.practice.acts import accounts
from forgehand.practice.records import App
from forgehand.practice.world import World

CODE_SECONDS = 3600
"""A code is good for an hour, and once."""


class BadManifest(Exception):
    """The manifest cannot become an app; the message says why."""


def register(world: World, text: str, state: str | None, owner: str) -> str:
    """Make the app and return where to send the browser: the manifest's `redirect_url` with code and state."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadManifest("the manifest is not JSON") from error
    if not isinstance(given, dict) or not given.get("url"):
        raise BadManifest("url wasn't supplied")
    redirect = urlsplit(str(given.get("redirect_url") or ""))
    if redirect.scheme not in ("http", "https"):
        raise BadManifest("redirect_url must be a valid URL")
    hook = given.get("hook_attributes") or {}
    name = str(given.get("name") or "practice-app")
    try:
        app = accounts.create_app(
            world,
            slug=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
            permissions=given.get("default_permissions") or {},
            events_wanted=given.get("default_events") or (),
            webhook_url=hook.get("url") if hook.get("active", True) else None,
            webhook_secret=secrets.token_hex(20),
            owner=owner,
            name=name,
            external_url=str(given["url"]),
            description=given.get("description"),
            callback_urls=given.get("callback_urls") or (),
        )
    except ValueError as error:
        raise BadManifest("Name is already taken") from error
    code = secrets.token_hex(20)
    world.manifests[code] = app
    query = {"code": code} | ({"state": state} if state else {})
    joined = f"{redirect.query}&{urlencode(query)}" if redirect.query else urlencode(query)
    return urlunsplit(redirect._replace(query=joined))


def redeem(world: World, code: str) -> App | None:
    app = world.manifests.pop(code, None)
    return app if app and world.now() < app.created + CODE_SECONDS else None
