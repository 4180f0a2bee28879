"""All settings as one whole: the groups of this folder together, and what concerns more than one of them."""

import json
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from forgehand.assembly.settings.caps import CapSettings
from forgehand.assembly.settings.dispatch import DispatchSettings
from forgehand.assembly.settings.doors import DoorSettings
from forgehand.assembly.settings.github import GitHubSettings
from forgehand.assembly.settings.limits import LimitSettings
from forgehand.assembly.settings.logs import LogSettings
from forgehand.assembly.settings.sandbox import SandboxSettings
from forgehand.assembly.settings.store import StoreSettings
from forgehand.assembly.settings.work import WorkSettings


class Settings(
    GitHubSettings,
    DoorSettings,
    StoreSettings,
    WorkSettings,
    CapSettings,
    SandboxSettings,
    LimitSettings,
    DispatchSettings,
    LogSettings,
    BaseSettings,
):
    """Every field is one environment variable: its alias. Seconds are seconds."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    @property
    def private_paths(self) -> tuple[Path, ...]:
        """What no code of a repository may ever read: the settings, the key, the store, the data."""
        files = (Path(".env"), self.github_app_private_key_file, self.database_file, self.data_dir)
        return tuple(each.absolute() for each in files if each is not None)

    def to_json(self) -> bytes:
        """Everything, secrets in clear: only for the pipe between our own processes."""
        plain = {name: getattr(self, name) for name in type(self).model_fields}
        shown = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in plain.items()
        }
        return json.dumps(shown, default=str).encode()

    @classmethod
    def from_json(cls, line: bytes) -> "Settings":
        """What `to_json` wrote, with no look at the environment."""
        return cls.model_construct(**_typed(json.loads(line)))

    def missing(self, *, webhooks: bool = True) -> list[str]:
        """What a running App needs and lacks, or has too weak, one sentence each. Without `webhooks`, none come in."""
        problems = []
        if self.person:
            if not self.poll_seconds:
                problems.append("FORGEHAND_POLL_SECONDS is 0, and with a personal token only polls find work")
            return [*problems, *self._weak()]
        if not self.github_app_id:
            problems.append(
                "GITHUB_APP_ID is not set: the App's id, on its settings page; `forgehand init` makes an App; or set "
                "GITHUB_TOKEN to a personal access token"
            )
        if not self.github_app_private_key.get_secret_value() and not self.github_app_private_key_file:
            problems.append(
                "GITHUB_APP_PRIVATE_KEY is not set: generate a private key on the App's settings page, and give its "
                "content here or its path in GITHUB_APP_PRIVATE_KEY_FILE"
            )
        elif problem := self.key_problem():
            problems.append(problem)
        if webhooks and not self.webhook_secrets:
            problems.append(
                "GITHUB_WEBHOOK_SECRET is not set: the secret of the App's webhook; without it anyone could send events"
            )
        return [*problems, *self._weak()]

    def _weak(self) -> list[str]:
        short = (
            ("FORGEHAND_ADMIN_TOKEN", self.admin_token, 24),
            ("FORGEHAND_SECRET_KEY", self.secret_key, 32),
        )
        weak = [
            f"{name} has fewer than {least} characters and could be guessed: make one with `openssl rand -hex 32`"
            for name, secret, least in short
            if 0 < len(secret.get_secret_value()) < least
        ]
        if self.admits_by_github and not (self.github_client_id and self.github_client_secret.get_secret_value()):
            weak.append(
                "FORGEHAND_GITHUB_CLIENT_ID or FORGEHAND_GITHUB_CLIENT_SECRET is not set, and people shall sign in by "
                "GitHub: both stand on the App's settings page; or name nobody in FORGEHAND_ADMIN_LOGINS and "
                "FORGEHAND_ADMIN_TEAMS"
            )
        return weak


def _typed(plain: dict[str, Any]) -> dict[str, Any]:
    """JSON's plain values as the fields' own types; they were validated when they were first read."""
    kinds = {name: (field.annotation, *get_args(field.annotation)) for name, field in Settings.model_fields.items()}
    secrets = {name for name, kind in kinds.items() if SecretStr in kind}
    paths = {name for name, kind in kinds.items() if Path in kind}
    return {
        name: SecretStr(value) if name in secrets else Path(value) if name in paths and value else value
        for name, value in plain.items()
    }
