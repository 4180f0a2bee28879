"""Where GitHub is, and as whom it is asked."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator

from forgehand.assembly.settings.addresses import web_address
from forgehand.assembly.settings.errors import SettingsError


class GitHubSettings(BaseModel):
    """An App, or else a person's token; and the secrets of webhooks."""

    github_app_id: Annotated[str, Field(alias="GITHUB_APP_ID", description="The App's id (or its client id).")] = ""
    github_app_slug: Annotated[
        str, Field(alias="GITHUB_APP_SLUG", description="The App's name in URLs; learned from GitHub when empty.")
    ] = ""
    github_app_private_key: Annotated[
        SecretStr,
        Field(
            validation_alias=AliasChoices("GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY"),
            description="The App's private key: the PEM's content. Also read from `GITHUB_PRIVATE_KEY`.",
        ),
    ] = SecretStr("")
    github_app_private_key_file: Annotated[
        Path | None,
        Field(alias="GITHUB_APP_PRIVATE_KEY_FILE", description="A file that holds the private key, instead of it."),
    ] = None
    github_token: Annotated[
        SecretStr,
        Field(
            alias="GITHUB_TOKEN",
            description="A personal access token, used where no App is set: everything is done in that person's name, "
            "checks become commit statuses, and polls find the work. "
            "What they write themselves stays theirs: it lacks the hidden marker that ours ends with.",
        ),
    ] = SecretStr("")
    github_webhook_secret: Annotated[
        SecretStr, Field(alias="GITHUB_WEBHOOK_SECRET", description="The secret that signs the App's webhooks.")
    ] = SecretStr("")
    github_webhook_secret_previous: Annotated[
        SecretStr,
        Field(
            alias="GITHUB_WEBHOOK_SECRET_PREVIOUS",
            description="The secret before it, accepted too while you rotate.",
        ),
    ] = SecretStr("")
    github_api_url: Annotated[
        str,
        Field(
            alias="GITHUB_API_URL",
            description="GitHub's REST API. Enterprise Server: `https://HOST/api/v3`.",
        ),
    ] = "https://api.github.com"

    @field_validator("github_api_url")
    @classmethod
    def _over_tls(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
            return web_address(url)
        raise ValueError("tokens travel there, so it must start with https:// (http:// only on this machine)")

    @property
    def private_key(self) -> str:
        """The PEM, wherever it was given. `\\n` written out, as many secret stores keep it, is understood."""
        if self.github_app_private_key_file and not self.github_app_private_key.get_secret_value():
            try:
                return self.github_app_private_key_file.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is no text"
                raise SettingsError(
                    f"GITHUB_APP_PRIVATE_KEY_FILE names {self.github_app_private_key_file}, which cannot be read "
                    f"({why}): give the path of the .pem that GitHub handed out"
                ) from None
        return self.github_app_private_key.get_secret_value().replace("\\n", "\n")

    @property
    def private_key_lines(self) -> list[str]:
        """The key's lines of text, each a secret that a log might show; empty where there is no readable key."""
        try:
            return [line for line in self.private_key.splitlines() if line and not line.startswith("-----")]
        except SettingsError:
            return []

    @property
    def person(self) -> str:
        """The personal access token in use; empty where an App is set."""
        return "" if self.github_app_id else self.github_token.get_secret_value()

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        both = (self.github_webhook_secret, self.github_webhook_secret_previous)
        return tuple(secret.get_secret_value().encode() for secret in both if secret.get_secret_value())

    @property
    def github_url(self) -> str:
        """Where people and git go: the API's host without its API parts."""
        api = self.github_api_url.rstrip("/")
        if api == "https://api.github.com":
            return "https://github.com"
        # Data residency: api.OCTO.ghe.com belongs to OCTO.ghe.com.
        return re.sub(r"^https://api\.([\w-]+\.ghe\.com)$", r"https://\1", api.removesuffix("/api/v3"))

    def key_problem(self) -> str:
        """Why the private key that is given is none; empty where it is one."""
        # Imported here: what never looks at the key should not wait for it.
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            if isinstance(load_pem_private_key(self.private_key.encode(), password=None), RSAPrivateKey):
                return ""
        except SettingsError as error:
            return str(error)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            pass
        in_line = bool(self.github_app_private_key.get_secret_value())
        where = (
            "GITHUB_APP_PRIVATE_KEY holds something that"
            if in_line
            else f"GITHUB_APP_PRIVATE_KEY_FILE names {self.github_app_private_key_file}, which"
        )
        return (
            f"{where} is no RSA private key in PEM form: GitHub's begins with “-----BEGIN RSA PRIVATE KEY-----”; "
            "generate one on the App's settings page"
        )
