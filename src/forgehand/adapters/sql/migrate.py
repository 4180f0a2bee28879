"""Bring a database's schema up to date, one process at a time. Called by `sqlite` and `postgres` when they open."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from forgehand.ports.store import StoreUnavailable

HEAD = "0006"
"""The newest revision in `migrations/versions`: a database that is there already needs no alembic, which is slow to
import."""

MIGRATIONS = Path(__file__).parent / "migrations"


def up_to_date(conn: Connection) -> bool:
    """Whether nothing is to be done."""
    return _revision(conn) == HEAD


def upgrade(conn: Connection) -> None:
    """Run the missing migrations on a connection whose caller holds the migration lock, and commits."""
    if (at := _revision(conn)) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise StoreUnavailable(
            f"the database is at schema {at}, which this version of Forgehand does not know (it knows {HEAD}): "
            "run the newer version, or restore a copy from before it"
        ) from error


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    revision: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision
