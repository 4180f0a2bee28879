"""A change that may happen once: its fact decides. Called by `verbs_jobs`, in a transaction."""

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import FACT_COLUMNS, fact_row
from forgehand.adapters.sql.statements import insert_new
from forgehand.domain.jobs import Change


class AlreadyTaken(Exception):
    """Another change made the fact first. Ends the transaction, so that nothing of this one is written."""


def take_once(conn: Connection, change: Change) -> None:
    """Make the fact that may be made once. On PostgreSQL this waits for another transaction that is about to, too."""
    if (fact := change.only_fact) and not insert_new(conn, schema.facts, FACT_COLUMNS, [fact_row(fact)], "id"):
        raise AlreadyTaken(fact.id)
