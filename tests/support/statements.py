"""What databases are asked while something runs. Called by the contracts of the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event

from forgehand.adapters.sql import statements as hot
from forgehand.adapters.sql import verbs_intake


@contextmanager
def statements() -> Iterator[dict[str, Any]]:
    """Statement to its last parameters, of every engine, also of those that go past SQLAlchemy."""
    asked: dict[str, Any] = {}
    send = hot.send

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked[statement] = parameters

    def noting(conn: Any, statement: str, parameters: Any) -> Any:
        asked[statement] = parameters
        return send(conn, statement, parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with patch.object(hot, "send", noting), patch.object(verbs_intake, "send", noting):
            yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
