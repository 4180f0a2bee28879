"""The ledger's rows: compare-and-set by version, under a job's fence. Called by `store`, each in one transaction."""

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import LEDGER_COLUMNS, Row, ledger_from, ledger_row
from forgehand.adapters.sql.statements import columns_of, insert_new, sql
from forgehand.adapters.sql.verbs_changes import put_facts
from forgehand.adapters.sql.verbs_jobs import holds
from forgehand.domain.facts import Fact
from forgehand.domain.ledger import LedgerEntry
from forgehand.ports.store import Fence, Written


def entry(conn: Connection, slot: str) -> LedgerEntry | None:
    row = conn.execute(_ENTRY, {"slot": slot}).first()
    return None if row is None else ledger_from(row)


def write_entry(
    conn: Connection, entry: LedgerEntry, fence: Fence, now: float, lease_beyond: float, facts: tuple[Fact, ...]
) -> Written:
    if not holds(conn, fence, now + lease_beyond):
        return Written.FENCE_LOST
    return override_entry(conn, entry, now, facts)


def override_entry(conn: Connection, entry: LedgerEntry, now: float, facts: tuple[Fact, ...]) -> Written:
    row = ledger_row(entry, now)
    if not (_create(conn, row) if entry.version == 0 else _replace(conn, row, entry.version)):
        return Written.STALE
    put_facts(conn, facts)
    return Written.YES


def _create(conn: Connection, row: Row) -> bool:
    return bool(insert_new(conn, schema.ledger, LEDGER_COLUMNS, [row], "slot"))


def _replace(conn: Connection, row: Row, version: int) -> bool:
    at = dict(zip(LEDGER_COLUMNS, row, strict=True)) | {"read": version}
    return conn.execute(_REPLACE, at).first() is not None


_ENTRY = sql(f"SELECT {columns_of(LEDGER_COLUMNS)} FROM ledger WHERE slot = :slot")  # noqa: S608
_REPLACE = sql(
    f"UPDATE ledger SET {', '.join(f'{name} = :{name}' for name in LEDGER_COLUMNS if name != 'slot')}"  # noqa: S608
    " WHERE slot = :slot AND version = :read RETURNING version"
)
