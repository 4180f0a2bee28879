"""Documents that jobs leave behind, as Zstandard frames. Called by `verbs_changes` and `store`."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from forgehand.adapters.sql.bodies import packed, unpacked
from forgehand.adapters.sql.statements import is_postgres, sql
from forgehand.domain.documents import lasts, too_large


def put_documents(conn: Connection, documents: Mapping[str, str], now: float) -> None:
    """Sorted, so that two writers of the same keys wait for each other instead of deadlocking."""
    if why := too_large(documents):
        raise ValueError(why)
    for key, text in sorted(documents.items()):
        content = packed(text.encode("utf-8", "surrogatepass"))
        conn.execute(_PUT, {"key": key, "updated_at": now, "lasts": int(lasts(key)), "content": content})


def document(conn: Connection, key: str) -> str | None:
    content = conn.execute(_ONE, {"key": key}).scalar()
    return None if content is None else _text(content)


def documents_named(conn: Connection, keys: Sequence[str]) -> dict[str, str]:
    if is_postgres(conn):
        rows = conn.execute(_NAMED_ON_POSTGRES, {"keys": list(keys)})
    else:
        rows = conn.execute(_NAMED_ON_SQLITE, {"keys": json.dumps(list(keys))})
    return {row.key: _text(row.content) for row in rows}


def _text(content: bytes) -> str:
    return unpacked(bytes(content)).decode("utf-8", "surrogatepass")


_PUT = sql(
    "INSERT INTO documents (key, updated_at, lasts, content) VALUES (:key, :updated_at, :lasts, :content)"
    " ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at, content = excluded.content"
)
_ONE = sql("SELECT content FROM documents WHERE key = :key")
_NAMED_ON_SQLITE = sql(
    "SELECT documents.key, documents.content FROM json_each(:keys) AS keys CROSS JOIN documents"
    " ON documents.key = keys.value"
)
_NAMED_ON_POSTGRES = sql("SELECT key, content FROM documents WHERE key = ANY(:keys)")
