"""The two ports, and who may come in at the one for people."""

import re
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from forgehand.assembly.settings.addresses import web_address
from forgehand.assembly.settings.lists import split


class DoorSettings(BaseModel):
    """The webhook port, and the port of the admin pages."""

    port: Annotated[
        int, Field(alias="PORT", ge=0, le=65535, description="The webhook port; 0 lets the system pick.")
    ] = 8080
    host: Annotated[str, Field(alias="FORGEHAND_HOST", description="The address the webhook port binds to.")] = (
        "127.0.0.1"
    )
    admin_port: Annotated[
        int, Field(alias="FORGEHAND_ADMIN_PORT", ge=0, le=65535, description="The port of the admin pages; 0 likewise.")
    ] = 8081
    admin_host: Annotated[
        str, Field(alias="FORGEHAND_ADMIN_HOST", description="The address the admin port binds to.")
    ] = "127.0.0.1"
    admin_url: Annotated[
        str,
        Field(
            alias="FORGEHAND_ADMIN_URL",
            description="How people reach the admin pages from outside, such as `https://forgehand.example.org`; links "
            "in reviews point there, and requests for other hosts are refused. Default: the address bound to.",
        ),
    ] = ""
    admin_token: Annotated[
        SecretStr,
        Field(
            alias="FORGEHAND_ADMIN_TOKEN",
            description="A token that signs people in to the admin pages, beside the one-time link printed at start.",
        ),
    ] = SecretStr("")
    admin_logins: Annotated[
        str,
        Field(
            alias="FORGEHAND_ADMIN_LOGINS",
            description="People who may sign in to the admin pages with GitHub, by login, separated by commas.",
        ),
    ] = ""
    admin_teams: Annotated[
        str,
        Field(
            alias="FORGEHAND_ADMIN_TEAMS",
            description="Organizations and teams whose members may too, such as `acme,octo/platform`. The App needs "
            "the organization permission “Members: read” for it.",
        ),
    ] = ""
    github_client_id: Annotated[
        str,
        Field(
            alias="FORGEHAND_GITHUB_CLIENT_ID",
            description="The App's client id, with which people sign in; `forgehand init` stores both.",
        ),
    ] = ""
    github_client_secret: Annotated[
        SecretStr,
        Field(alias="FORGEHAND_GITHUB_CLIENT_SECRET", description="A client secret of the App, on its settings page."),
    ] = SecretStr("")

    @field_validator("admin_url")
    @classmethod
    def _reachable_by_people(cls, url: str) -> str:
        return url and web_address(url)

    @field_validator("admin_logins", "admin_teams")
    @classmethod
    def _names(cls, text: str) -> str:
        for name in split(text):
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}(/[A-Za-z0-9_-]{1,100})?", name):
                raise ValueError(f"{name} is no login, organization or ORGANIZATION/TEAM")
        return text

    @property
    def admits_by_github(self) -> bool:
        """Whether people may sign in to the admin pages with GitHub: only where it is said who."""
        return bool(self.admin_logins or self.admin_teams)

    @property
    def admin_base_url(self) -> str:
        """The admin pages' address in links, without a slash at its end."""
        if self.admin_url:
            return self.admin_url.rstrip("/")
        # What is bound to every address is reached, from here, at the loopback one.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.admin_host, self.admin_host)  # noqa: S104
        return f"http://{host}:{self.admin_port}"
