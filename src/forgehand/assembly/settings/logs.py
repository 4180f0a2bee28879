"""What is logged, and how it looks."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """Logs go to standard error."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="LOG_LEVEL", description="What is logged.")
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Field(alias="FORGEHAND_LOG_FORMAT", description="`auto` is text on a terminal and JSON elsewhere."),
    ] = "auto"
