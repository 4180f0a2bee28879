"""The two ports, and who may come in at the one for people."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr


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

    @property
    def admin_base_url(self) -> str:
        """The admin pages' address in links, without a slash at its end."""
        if self.admin_url:
            return self.admin_url.rstrip("/")
        # What is bound to every address is reached, from here, at the loopback one.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.admin_host, self.admin_host)  # noqa: S104
        return f"http://{host}:{self.admin_port}"
