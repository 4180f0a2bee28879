"""Recording deliveries, many in one transaction. Called by the writers of `sqlite` and `postgres`, and by `store`.

This is the hot path. What Python has to do for a delivery is done before it waits, in the caller's thread; the writer
then hands a whole batch to the database in a handful of statements, and holds the interpreter up as little as can be.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.bodies import packed, unpacked
from forgehand.adapters.sql.rows import DELIVERY_COLUMNS, FACT_COLUMNS, JOB_COLUMNS, Row, fact_row, job_row
from forgehand.adapters.sql.statements import NEW_ONLY, insert_new, insert_rows, is_postgres, send, sql
from forgehand.adapters.sql.verbs_at_once import insert_at_once
from forgehand.adapters.sql.verbs_changes import apply
from forgehand.domain.deliveries import Delivery
from forgehand.domain.jobs import Change
from forgehand.ports.store import Recorded, StoredDelivery


@dataclass(slots=True)
class Record:
    """A delivery with its change, as rows. `size` in bytes, of the body as it came.

    `rest` is a change that takes more than inserting rows that belong to the delivery; then `jobs` and `facts` are
    empty.
    """

    guid: str
    row: Row
    jobs: tuple[Row, ...]
    facts: tuple[Row, ...]
    rest: Change | None
    received_at: float
    size: int


def record_of(delivery: Delivery, change: Change) -> Record:
    """Raises ValueError or TypeError for what cannot be made rows."""
    plain = (
        not (change.marks or change.documents or change.pulls)
        and all(job.delivery == delivery.guid and not job.lane for job in change.enqueue)
        and all(fact.delivery == delivery.guid for fact in change.facts)
    )
    return Record(
        guid=delivery.guid,
        row=(delivery.guid, delivery.event, delivery.received_at, 0, packed(delivery.body)),
        jobs=tuple([job_row(job) for job in change.enqueue]) if plain else (),
        facts=tuple([fact_row(fact) for fact in change.facts]) if plain else (),
        rest=None if plain else change,
        received_at=delivery.received_at,
        size=len(delivery.body),
    )


def record_all(conn: Connection, records: Sequence[Record]) -> list[Recorded]:
    """Store each delivery with its change, or count it as a duplicate; answers in the order given.

    On PostgreSQL, where every record is `plain`, one statement stores them all: that may be its own transaction. A
    crash between it and the counting of duplicates leaves them uncounted, and nothing else undone.
    """
    first: dict[str, int] = {}
    for index, record in enumerate(records):
        first.setdefault(record.guid, index)
    # Sorted, so that two writers with the same GUIDs wait for each other instead of deadlocking.
    chosen = [records[first[guid]] for guid in sorted(first)]
    if is_postgres(conn) and plain(chosen):
        jobs, facts = _jobs(chosen), _facts(chosen)
        new = insert_at_once(conn, [record.row for record in chosen], jobs, facts)
    else:
        new = _store(conn, chosen)
        _change(conn, [records[first[guid]] for guid in first if guid in new])
    if len(new) == len(records):
        return [Recorded.NEW] * len(records)
    answers = [
        Recorded.NEW if record.guid in new and first[record.guid] == index else Recorded.DUPLICATE
        for index, record in enumerate(records)
    ]
    repeated = Counter(
        record.guid for record, answer in zip(records, answers, strict=True) if answer is Recorded.DUPLICATE
    )
    for guid, times in sorted(repeated.items()):
        conn.execute(_COUNT, {"guid": guid, "times": times})
    return answers


def plain(records: Sequence[Record]) -> bool:
    """Whether storing them is inserting rows and nothing else."""
    return all(record.rest is None for record in records)


def delivery(conn: Connection, guid: str) -> StoredDelivery | None:
    row = conn.execute(_ONE, {"guid": guid}).first()
    if row is None:
        return None
    return StoredDelivery(
        Delivery(guid=row.guid, event=row.event, body=unpacked(bytes(row.body)), received_at=row.received_at),
        row.duplicates,
    )


def known_guids(conn: Connection, guids: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for start in range(0, len(guids), _LOOKUP):
        found.update(conn.execute(_KNOWN, {"guids": list(guids[start : start + _LOOKUP])}).scalars())
    return frozenset(found)


def _store(conn: Connection, records: Sequence[Record]) -> set[str]:
    """Insert those that are not there; gives their GUIDs."""
    if is_postgres(conn):
        return insert_new(conn, schema.deliveries, DELIVERY_COLUMNS, [record.row for record in records], "guid")
    # SQLite's one writer holds the lock: what it looked up stays true, and one look-up is cheaper than RETURNING.
    guids = [record.guid for record in records]
    known = {row[0] for row in send(conn, _KNOWN_TO_SQLITE, (json.dumps(guids),))}
    insert_rows(
        conn, schema.deliveries, DELIVERY_COLUMNS, [record.row for record in records if record.guid not in known]
    )
    return {*guids} - known


def _change(conn: Connection, records: Sequence[Record]) -> None:
    insert_rows(conn, schema.jobs, JOB_COLUMNS, _jobs(records), NEW_ONLY)
    insert_rows(conn, schema.facts, FACT_COLUMNS, _facts(records), NEW_ONLY)
    for record in records:
        if record.rest is not None:
            apply(conn, record.rest, record.received_at, counted=False)


def _jobs(records: Sequence[Record]) -> list[Row]:
    return [row for record in records for row in record.jobs]


def _facts(records: Sequence[Record]) -> list[Row]:
    return [row for record in records for row in record.facts]


_KNOWN_TO_SQLITE = "SELECT guid FROM deliveries WHERE guid IN (SELECT value FROM json_each(?))"
_LOOKUP = 256
_ONE = sql("SELECT guid, event, received_at, duplicates, body FROM deliveries WHERE guid = :guid")
_KNOWN = sql("SELECT guid FROM deliveries WHERE guid IN :guids").bindparams(bindparam("guids", expanding=True))
_COUNT = sql("UPDATE deliveries SET duplicates = duplicates + :times WHERE guid = :guid")
