"""What `doctor` asks of GitHub: who we are, where we are installed, what is missing. Reads only.

https://docs.github.com/en/rest/apps/apps, https://docs.github.com/en/rest/apps/webhooks
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.adapters.github.performers import SPEAKING, required_permissions
from forgehand.adapters.github.tokens import missing_permissions


@dataclass(frozen=True, slots=True)
class Installed:
    """One installation. `missing` is what it does not grant of what we need; `url` is where its owner mends that."""

    id: int
    account: str
    url: str
    suspended: bool
    all_repositories: bool
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Probe:
    """`skew` is our clock minus GitHub's, in seconds. `hook_url` is empty where the App has no webhook;
    `hook_verifies_tls` is False where GitHub would deliver to a forged certificate. The limit is the App's own."""

    id: int
    slug: str
    name: str
    url: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    missing: Mapping[str, str]
    hook_url: str
    hook_verifies_tls: bool
    limit: int | None
    remaining: int | None
    skew: float | None
    installations: tuple[Installed, ...]


async def probe(github: GitHub, kinds: Iterable[str] = SPEAKING) -> Probe:
    """`kinds` are the effects that this configuration may perform. Raises GitHubError: its sentence is the finding."""
    wanted = required_permissions(kinds)
    app = await github.get("/app", Actor.APP)
    hook = (await github.get("/app/hook/config", Actor.APP)).data or {}
    installations: list[Installed] = []
    async for page in github.pages("/app/installations", Actor.APP):
        installations.extend(parsed("installation", lambda data: _installed(data, wanted), each) for each in page.data)
    return Probe(
        id=parsed("App", lambda data: int(data["id"]), app.data),
        slug=parsed("App", lambda data: str(data["slug"]), app.data),
        name=str(app.data.get("name") or ""),
        url=str(app.data.get("html_url") or ""),
        permissions=dict(app.data.get("permissions") or {}),
        events=tuple(app.data.get("events") or ()),
        missing=missing_permissions(wanted, app.data.get("permissions") or {}),
        hook_url=str(hook.get("url") or ""),
        # GitHub gives "0" or 0 for “verified”.
        hook_verifies_tls=str(hook.get("insecure_ssl", "0")) == "0",
        limit=_number(app.headers.get("x-ratelimit-limit")),
        remaining=_number(app.headers.get("x-ratelimit-remaining")),
        skew=app.skew,
        installations=tuple(installations),
    )


def _installed(data: Any, wanted: Mapping[str, str]) -> Installed:
    granted = dict(data["permissions"])
    return Installed(
        id=int(data["id"]),
        account=str((data.get("account") or {}).get("login") or "?"),
        url=str(data.get("html_url") or ""),
        suspended=bool(data.get("suspended_at")),
        all_repositories=data.get("repository_selection") == "all",
        permissions=granted,
        events=tuple(data.get("events") or ()),
        missing=missing_permissions(wanted, granted),
    )


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdigit() else None
