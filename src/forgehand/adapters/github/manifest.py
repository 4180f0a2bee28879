"""The last step of the App manifest flow: GitHub's temporary code becomes the App's credentials. Used by `init`.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import re
from dataclasses import dataclass, field
from typing import Any

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.ports.github import NotFound, Unprocessable


@dataclass(frozen=True, slots=True)
class NewApp:
    """A registered App; `repr` hides its secrets. `webhook_secret` is empty where the manifest asked for no webhook."""

    id: int
    slug: str
    name: str
    client_id: str
    html_url: str
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_secret: str = field(repr=False)


async def convert(github: GitHub, code: str) -> NewApp:
    """Exchange the code (valid once, for an hour). `github` needs no credentials. Raises GitHubError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", code):
        raise Unprocessable("that is not a code from GitHub's manifest flow; start again from the first page")
    try:
        # The code is as good as the App's key until it is used: no error may show it.
        label = "/app-manifests/CODE/conversions"
        answer = await github.write("POST", f"/app-manifests/{code}/conversions", Actor.NOBODY, label=label)
    except NotFound:
        raise NotFound("GitHub does not know this code: it is used up or older than an hour; start again") from None
    return parsed("App", _new_app, answer.data)


def _new_app(data: Any) -> NewApp:
    return NewApp(
        id=int(data["id"]),
        slug=str(data["slug"]),
        name=str(data["name"]),
        client_id=str(data["client_id"]),
        html_url=str(data["html_url"]),
        pem=str(data["pem"]),
        webhook_secret=str(data.get("webhook_secret") or ""),
        client_secret=str(data.get("client_secret") or ""),
    )
