"""Where everything is kept."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator


class StoreSettings(BaseModel):
    """The database, the folder of files, and the key of what is encrypted."""

    database_url: Annotated[
        str,
        Field(
            alias="FORGEHAND_DATABASE_URL",
            description="`sqlite:///PATH`, or `postgresql://USER@HOST/NAME` for more than one machine; parameters of "
            "libpq may follow, as `?sslmode=verify-full&options=-csearch_path%3Dforgehand`.",
        ),
    ] = "sqlite:///data/forgehand.db"
    data_dir: Annotated[
        Path, Field(alias="FORGEHAND_DATA_DIR", description="Where git mirrors and throw-away work trees live.")
    ] = Path("data")
    secret_key: Annotated[
        SecretStr,
        Field(
            alias="FORGEHAND_SECRET_KEY",
            description="Encrypts the token cache that processes share in the store, and signs people in on all "
            "servers and over restarts; at least 32 characters. Empty: tokens and sessions stay in each process's "
            "memory.",
        ),
    ] = SecretStr("")

    @field_validator("database_url")
    @classmethod
    def _known_store(cls, url: str) -> str:
        if url.startswith("sqlite:///") and url != "sqlite:///":
            return url
        if url.startswith(("postgresql://", "postgres://")):
            return url.replace("postgres://", "postgresql://", 1)
        raise ValueError("it must be sqlite:///PATH or postgresql://USER@HOST/NAME")

    @property
    def database_file(self) -> Path | None:
        """The full path of SQLite's file; None on PostgreSQL."""
        if self.shared_database:
            return None
        return Path(self.database_url.removeprefix("sqlite:///")).absolute()

    @property
    def database_shown(self) -> str:
        """Where the store is, for people: the file's full path, or the server's address without a password."""
        if self.database_file:
            return str(self.database_file)
        parts = urlsplit(self.database_url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def database_remedy(self) -> str:
        """What to do where the store cannot be used."""
        if self.database_file:
            return "mend that, or let FORGEHAND_DATABASE_URL name another store"
        return f"see that the server of {self.database_shown} runs and lets us in, or correct FORGEHAND_DATABASE_URL"

    @property
    def database_password(self) -> str:
        """The password in the database's address, empty where there is none."""
        return urlsplit(self.database_url).password or ""

    @property
    def shared_database(self) -> bool:
        """Whether other machines can share the store, and so want to be woken."""
        return not self.database_url.startswith("sqlite")
