"""What is logged, how it looks, and where traces go."""

from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, field_validator

from forgehand.assembly.settings.addresses import web_address


class LogSettings(BaseModel):
    """Logs go to standard error; traces nowhere, unless a collector is named."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="LOG_LEVEL", description="What is logged.")
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Field(alias="FORGEHAND_LOG_FORMAT", description="`auto` is text on a terminal and JSON elsewhere."),
    ] = "auto"
    otlp_url: Annotated[
        str,
        Field(
            alias="FORGEHAND_OTLP_URL",
            description="Where traces go: a collector's address, such as `http://127.0.0.1:4318/v1/traces`. Needs "
            "`pip install 'forgehand[otel]'`.",
        ),
    ] = ""

    @field_validator("otlp_url")
    @classmethod
    def _collector(cls, url: str) -> str:
        return url and web_address(url)

    @property
    def otlp_secrets(self) -> list[str]:
        """What the collector's address may carry of a key: a name, a password, values of its query; as written and as
        meant."""
        parts = urlsplit(self.otlp_url)
        written = [parts.username, parts.password, *(each.partition("=")[2] for each in parts.query.split("&"))]
        return [form for each in written if each for form in (each, unquote(each))]
