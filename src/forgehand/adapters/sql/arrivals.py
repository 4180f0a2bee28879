"""Deliveries as they arrive, as rows: what `record_of` makes of `domain.arrivals.arrival`, for a third of the work.
Called by `store`.

This is on the path of every delivery. What comes with one differs from what came with the last of its event in a few
columns, and is filled in here without making the job and the fact first.
"""

from functools import lru_cache

from forgehand.adapters.sql.bodies import packed
from forgehand.adapters.sql.rows import FACT_COLUMNS, JOB_COLUMNS, Row, to_json
from forgehand.adapters.sql.verbs_intake import Record, record_of
from forgehand.domain.arrivals import arrival, planning_id, received_id
from forgehand.domain.deliveries import Delivery


def record_of_arrival(delivery: Delivery, ignored: str) -> Record:
    """Raises ValueError or TypeError for what cannot be made rows."""
    guid, at = delivery.guid, delivery.received_at
    jobs, facts = _like(delivery.event, ignored)
    return Record(
        guid=guid,
        row=(guid, delivery.event, at, 0, packed(delivery.body)),
        jobs=(_job(jobs[0], guid, at),) if jobs else (),
        facts=(_fact(facts[0], guid, at),),
        rest=None,
        received_at=at,
        size=len(delivery.body),
    )


@lru_cache(512)
def _like(event: str, ignored: str) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The job's and the fact's rows of some delivery of this event."""
    some = Delivery("", event, b"", 0.0)
    record = record_of(some, arrival(some, ignored))
    return record.jobs, record.facts


def _job(like: Row, guid: str, at: float) -> Row:
    row = [*like]
    row[_ID] = planning_id(guid)
    row[_CREATED_AT] = row[_RUN_AT] = row[_DUE_AT] = at
    row[_PAYLOAD] = to_json({"guid": guid, "replay": "", "cursor": 0})
    row[_DELIVERY] = row[_CORRELATION] = guid
    return tuple(row)


def _fact(like: Row, guid: str, at: float) -> Row:
    row = [*like]
    row[_FACT_ID] = received_id(guid)
    row[_AT] = at
    row[_OF_DELIVERY] = guid
    return tuple(row)


_ID, _CREATED_AT, _RUN_AT, _DUE_AT, _PAYLOAD, _DELIVERY, _CORRELATION = map(
    JOB_COLUMNS.index, ("id", "created_at", "run_at", "due_at", "payload", "delivery", "correlation")
)
_FACT_ID, _AT, _OF_DELIVERY = map(FACT_COLUMNS.index, ("id", "at", "delivery"))
