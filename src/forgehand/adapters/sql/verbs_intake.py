"""Recording deliveries, many in one transaction. Called by the writers of `sqlite` and `postgres`, and by `store`.

This is the hot path: what a batch writes goes in a handful of statements, whatever its size.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.bodies import packed, unpacked
from forgehand.adapters.sql.statements import insert_new, insert_rows, is_postgres, sql
from forgehand.adapters.sql.verbs_changes import apply, put_facts, put_jobs
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Job
from forgehand.ports.store import Recorded, StoredDelivery

Record = tuple[Delivery, Change]

_COLUMNS = ("guid", "event", "received_at", "duplicates", "body")


def record_all(conn: Connection, records: Sequence[Record]) -> list[Recorded]:
    """Store each delivery with its change, or count it as a duplicate; answers in the order given."""
    first: dict[str, int] = {}
    for index, (delivery, _) in enumerate(records):
        first.setdefault(delivery.guid, index)
    # Sorted, so that two writers with the same GUIDs wait for each other instead of deadlocking.
    new = _store(conn, [records[first[guid]][0] for guid in sorted(first)])
    _change(conn, [records[first[guid]] for guid in first if guid in new])
    answers = [
        Recorded.NEW if delivery.guid in new and first[delivery.guid] == index else Recorded.DUPLICATE
        for index, (delivery, _) in enumerate(records)
    ]
    repeated = Counter(
        delivery.guid for (delivery, _), answer in zip(records, answers, strict=True) if answer is Recorded.DUPLICATE
    )
    for guid, times in sorted(repeated.items()):
        conn.execute(_COUNT, {"guid": guid, "times": times})
    return answers


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


def _store(conn: Connection, deliveries: Sequence[Delivery]) -> set[str]:
    """Insert those that are not there; gives their GUIDs."""
    rows = [(d.guid, d.event, d.received_at, 0, packed(d.body)) for d in deliveries]
    if is_postgres(conn):
        return insert_new(conn, schema.deliveries, _COLUMNS, rows, "guid")
    # SQLite's one writer holds the lock: what it looked up stays true, and one look-up is cheaper than RETURNING.
    known = known_guids(conn, [d.guid for d in deliveries])
    insert_rows(conn, schema.deliveries, _COLUMNS, [row for row in rows if row[0] not in known])
    return {d.guid for d in deliveries} - known


def _change(conn: Connection, records: Sequence[Record]) -> None:
    jobs: list[Job] = []
    facts: list[Fact] = []
    for delivery, change in records:
        if change.marks or any(job.lane for job in change.enqueue):
            apply(conn, change, delivery.received_at)
        else:
            jobs += change.enqueue
            facts += change.facts
    put_jobs(conn, jobs)
    put_facts(conn, facts)


_LOOKUP = 256
_ONE = sql("SELECT guid, event, received_at, duplicates, body FROM deliveries WHERE guid = :guid")
_KNOWN = sql("SELECT guid FROM deliveries WHERE guid IN :guids").bindparams(bindparam("guids", expanding=True))
_COUNT = sql("UPDATE deliveries SET duplicates = duplicates + :times WHERE guid = :guid")
