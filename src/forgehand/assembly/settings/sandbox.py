"""Where repositories' code runs."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class SandboxSettings(BaseModel):
    """The wall around other people's code."""

    sandbox: Annotated[
        Literal["auto", "container", "bwrap", "userns", "none"],
        Field(
            alias="FORGEHAND_SANDBOX",
            description="Where repositories' code runs: `auto` takes bubblewrap, else user namespaces. `container` "
            "says that the container around this process is the wall; `none` runs no code at all.",
        ),
    ] = "auto"
    sandbox_readable: Annotated[
        str,
        Field(
            alias="FORGEHAND_SANDBOX_READABLE",
            description="Folders that tests may read besides the system's, separated by colons, such as a virtual "
            "environment with what they need; the `bin` of each comes first on their PATH.",
        ),
    ] = ""
    sandbox_network: Annotated[
        bool,
        Field(
            alias="FORGEHAND_SANDBOX_NETWORK",
            description="Whether a repository's configuration may ask for the network for its tests and their setup.",
        ),
    ] = False

    @property
    def sandbox_folders(self) -> tuple[Path, ...]:
        """The folders that tests may read besides the system's."""
        return tuple(Path(each) for each in self.sandbox_readable.split(":") if each.strip())
