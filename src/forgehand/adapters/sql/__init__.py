"""The store on SQLite or PostgreSQL. Made by `assembly`."""

from forgehand.adapters.sql.store import SqlStore

__all__ = ["SqlStore"]
