"""The App's credentials: from GitHub's answer to a manifest into `.env` and a key file. Called by `cli.init`.

Both files are readable by their owner alone, and written whole or not at all. Other lines of `.env` stay as they are.
Manifest flow: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import io
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream

from forgehand.assembly.settings import Settings, SettingsError

_OLD_KEYS = ("GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY")
"""Given in line, these would win over the key file."""


@dataclass(frozen=True, slots=True)
class NewApp:
    """An App that GitHub has just made. Its secrets are shown by GitHub this one time."""

    id: int
    slug: str
    html_url: str
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_id: str = ""
    client_secret: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written where. `backup` is the `.env` as it was, when it held another App."""

    env: Path
    key: Path
    backup: Path | None


def manifest(
    name: str,
    url: str,
    redirect_url: str,
    webhook_url: str | None,
    *,
    apply: bool = False,
    dispatch: bool = False,
    callback_url: str = "",
) -> dict[str, Any]:
    """The App as we ask GitHub to make it, with what our effects need: speaking, and with `apply` also merging and its
    chores, and the reading of what a protected branch asks; with `dispatch` starting workflows. Installation events
    come to every App by themselves. Without a webhook address its webhook is off, and polls find everything.
    `redirect_url` is where GitHub sends the browser with the code, `callback_url` where it may send people who sign in
    to the admin pages."""
    from forgehand.adapters.github import APPLYING, DISPATCHING, READ_PROTECTION, SPEAKING, required_permissions
    from forgehand.assembly.workers import BUILT_IN, listens

    kinds = (*SPEAKING, *(APPLYING if apply else ()), *(DISPATCHING if dispatch else ()))
    permissions = required_permissions(kinds) | (READ_PROTECTION if apply else {})
    return {
        "name": name,
        "url": url,
        "description": "Does the repository's chores: reviews pull requests.",
        # GitHub wants an address even where nothing shall be sent.
        "hook_attributes": {"url": webhook_url or url, "active": webhook_url is not None},
        "redirect_url": redirect_url,
        **({"callback_urls": [callback_url]} if callback_url else {}),
        "public": False,
        "default_permissions": permissions,
        "default_events": sorted(listens(BUILT_IN, dispatching=dispatch)),
    }


async def convert(code: str, api_url: str) -> NewApp:
    """Exchange the code of the manifest flow for the App's credentials. Raises GitHubError; a code works once, for
    an hour."""
    from forgehand.adapters.github import GitHub
    from forgehand.adapters.github import convert as exchange

    try:
        github = GitHub(api_url)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    async with github:
        made = await exchange(github, code)
    return NewApp(
        id=made.id,
        slug=made.slug,
        html_url=made.html_url,
        pem=made.pem,
        # An App whose webhook is off gets no secret; ours must not be empty once it is switched on.
        webhook_secret=made.webhook_secret or secrets.token_hex(32),
        client_id=made.client_id,
        client_secret=made.client_secret,
    )


def app_in(env: Path) -> str | None:
    """The id of the App that a `.env` holds already."""
    found = next((each.value for each in reversed(_bindings(env)) if each.key == "GITHUB_APP_ID"), None)
    return found or None


def keep(app: NewApp, env: Path, key: Path, settings: Settings) -> Kept:
    """Write the key file and set the App's variables in `env`. Raises SettingsError where a file cannot be written."""
    # The settings are read in whatever folder a command runs.
    key = key.absolute()
    variables = {
        "GITHUB_APP_ID": str(app.id),
        "GITHUB_APP_SLUG": app.slug,
        "GITHUB_APP_PRIVATE_KEY_FILE": str(key),
        "GITHUB_WEBHOOK_SECRET": app.webhook_secret,
    }
    if app.client_secret:
        # Of no use until somebody is named who may sign in with GitHub.
        variables["FORGEHAND_GITHUB_CLIENT_ID"] = app.client_id
        variables["FORGEHAND_GITHUB_CLIENT_SECRET"] = app.client_secret
    if settings.github_api_url.rstrip("/") != Settings.model_fields["github_api_url"].default:
        variables["GITHUB_API_URL"] = settings.github_api_url
    env = env.resolve()
    before = env.read_text("utf-8") if env.exists() else ""
    backup = env.with_name(f"{env.name}.before-{app.slug}") if app_in(env) else None
    try:
        key.parent.mkdir(parents=True, exist_ok=True)
        write_private(key, app.pem)
        if backup:
            write_private(backup, before)
        write_private(env, with_variables(before, variables))
    except OSError as error:
        raise SettingsError(f"cannot write {error.filename or key}: {error.strerror}") from None
    return Kept(env, key, backup)


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """The `.env` text with these variables set where they stood, or at its end; every other line stays as it is."""
    left = dict(variables)
    lines = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.key in left:
            lead = re.match(r"\s*", binding.original.string)
            lines.append(f"{lead[0] if lead else ''}{_line(binding.key, left.pop(binding.key))}")
        elif binding.key not in variables and binding.key not in _OLD_KEYS:
            lines.append(binding.original.string)
    if left and lines and not lines[-1].endswith("\n"):
        lines.append("\n")
    return "".join([*lines, *(_line(name, value) for name, value in left.items())])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp makes it 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _bindings(env: Path) -> list[Binding]:
    try:
        return list(parse_stream(io.StringIO(env.read_text("utf-8"))))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"cannot read {env}: {error.strerror}") from None


def _line(name: str, value: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./-]*", value):
        return f"{name}={value}\n"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'\n"
