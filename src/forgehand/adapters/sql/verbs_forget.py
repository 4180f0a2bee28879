"""What is old goes, some rows at a time, oldest first. Called by `store`, each in one transaction.

Each select walks an index from its oldest end and stops at `most` rows.
"""

from sqlalchemy import Connection

from forgehand.adapters.sql.schema import GOES, OVER
from forgehand.adapters.sql.statements import sql


def forget(conn: Connection, before: float, now: float, most: int) -> int:
    old = {"before": before, "most": most}
    gone = sum(len(conn.execute(statement, old).all()) for statement in (_DELIVERIES, _FACTS, _JOBS, *_LEFT_BEHIND))
    return gone + len(conn.execute(_SECRETS, {"now": now}).all())


_DELIVERIES = sql(
    "DELETE FROM deliveries WHERE guid IN"
    " (SELECT guid FROM deliveries WHERE received_at < :before ORDER BY received_at, guid LIMIT :most) RETURNING guid"
)
# They are written in the order of their time, near enough: only the oldest few are looked at, not the whole history.
_FACTS = sql(
    "DELETE FROM facts WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM facts ORDER BY seq LIMIT :most) AS oldest"
    " WHERE at < :before) RETURNING seq"
)
# The newest job of a lane stays: the poll asks it what was said last.
_JOBS = sql(
    "DELETE FROM jobs WHERE id IN (SELECT jobs.id FROM jobs LEFT JOIN lanes ON lanes.lane = jobs.lane"
    " WHERE jobs.created_at < :before AND jobs.ended_at < :before"
    " AND (lanes.generation IS NULL OR jobs.generation < lanes.generation)"
    " ORDER BY jobs.created_at, jobs.id LIMIT :most) RETURNING id"
)
_LEFT_BEHIND = (
    sql(
        "DELETE FROM documents WHERE key IN"  # noqa: S608
        f" (SELECT key FROM documents WHERE {GOES} AND updated_at < :before ORDER BY updated_at, key LIMIT :most)"
        " RETURNING key"
    ),
    sql(
        "DELETE FROM pulls WHERE (repository_id, number) IN"  # noqa: S608
        f" (SELECT repository_id, number FROM pulls WHERE {OVER} AND updated_at < :before"
        " ORDER BY updated_at, repository_id, number LIMIT :most) RETURNING number"
    ),
)
_SECRETS = sql("DELETE FROM secrets WHERE expires_at < :now RETURNING name")
