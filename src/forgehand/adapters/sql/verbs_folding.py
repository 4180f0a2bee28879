"""Facts into projections, each once, and a fresh edition of them. Called by `store`, each in one transaction.

Whoever folds locks the projectors' one row first, which is also the lease: two that write the same rows come one after
the other, and the one whose number is no longer the highest writes nothing.
"""

import json
from collections.abc import Sequence
from math import floor

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import FACT_COLUMNS, Row, fact_from
from forgehand.adapters.sql.statements import columns_of, edge, insert_rows, is_postgres, sql
from forgehand.domain.paging import Last
from forgehand.domain.projections import HOUR, Projection, goes
from forgehand.ports.store import Edition, Lead, Numbered, Written


def lead(conn: Connection, holder: str, lease: float, now: float) -> Lead | None:
    row = conn.execute(_LEAD, {"holder": holder, "until": now + lease, "now": now}).first()
    return None if row is None else Lead(row.fence)


def unfolded(conn: Connection, limit: int) -> list[Numbered]:
    return [Numbered(row[0], fact_from(row[1:])) for row in conn.execute(_UNFOLDED, {"limit": limit})]


def unfolded_since(conn: Connection) -> float | None:
    at: float | None = conn.execute(_UNFOLDED_SINCE).scalar()
    return at


def fold(conn: Connection, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
    """Raises FoldedAlready, which undoes it, when one of the facts is not in the outbox."""
    edition = _leading(conn, lead, until)
    if edition is None:
        return Written.FENCE_LOST
    if _take_out(conn, facts) != len(facts):
        raise FoldedAlready
    put(conn, rows, edition)
    return Written.YES


class FoldedAlready(Exception):
    """A fact would have been counted twice."""


def projection(conn: Connection, series: str, name: str) -> Projection | None:
    row = conn.execute(_ONE, {"series": series, "name": name}).first()
    return None if row is None else _projection_from(row)


def projections_named(conn: Connection, keys: Sequence[tuple[str, str]], edition: int | None) -> list[Projection]:
    if is_postgres(conn):
        wanted = {"series": [series for series, _ in keys], "names": [name for _, name in keys]}
        rows = conn.execute(_NAMED_ON_POSTGRES, wanted | {"edition": edition})
    else:
        rows = conn.execute(_NAMED_ON_SQLITE, {"keys": json.dumps(keys), "edition": edition})
    return [_projection_from(row) for row in rows]


def projections(conn: Connection, series: str, limit: int, before: Last | None, since: float) -> list[Projection]:
    at = {"series": series, "limit": limit, "since": since, **edge(before)}
    return [_projection_from(row) for row in conn.execute(_RANGE, at)]


def projections_like(conn: Connection, series: str, start: str, limit: int) -> list[Projection]:
    found = conn.execute(_NAMES_FROM, {"series": series, "start": start, "limit": limit})
    return [each for each in map(_projection_from, found) if each.name.startswith(start)]


def begin_edition(conn: Connection, lead: Lead, until: float) -> Edition | None:
    read = _leading(conn, lead, until)
    if read is None:
        return None
    known = conn.execute(_FORGOTTEN).one()
    conn.execute(_COPY_BASE, {"base": BASE, "edition": read + 1})
    since = 0.0 if not known.forgets else (floor(known.forgotten / HOUR) + 1) * HOUR
    return Edition(read + 1, since, known.forgets)


def folded(conn: Connection, after: int, limit: int) -> list[Numbered]:
    rows = conn.execute(_FOLDED, {"after": after, "limit": limit})
    return [Numbered(row[0], fact_from(row[1:])) for row in rows]


def edition_page(conn: Connection, after: tuple[str, str], limit: int, edition: int | None) -> list[Projection]:
    at = {"series": after[0], "name": after[1], "limit": limit, "edition": edition}
    return [_projection_from(row) for row in conn.execute(_PAGE, at)]


def draft(conn: Connection, rows: Sequence[Projection], edition: Edition, lead: Lead, until: float) -> Written:
    if _leading(conn, lead, until) is None:
        return Written.FENCE_LOST
    put(conn, rows, edition.number)
    return Written.YES


def publish(conn: Connection, edition: Edition, lead: Lead) -> Written:
    at = {"edition": edition.number, "fence": lead.fence}
    if conn.execute(_LEADS, at).first() is None:
        return Written.FENCE_LOST
    published = conn.execute(_PUBLISH, at | {"forgets": edition.forgets}).first()
    return Written.STALE if published is None else Written.YES


def drop_editions(conn: Connection, limit: int) -> int:
    return len(conn.execute(_DROP, {"base": BASE, "limit": limit}).all())


def put(conn: Connection, rows: Sequence[Projection], edition: int) -> None:
    """Write rows as they now are."""
    ordered = sorted(rows, key=lambda each: (each.series, each.name))
    insert_rows(conn, schema.projections, _NAMES, [_row(each, edition) for each in ordered], _OR_REPLACE)


def _leading(conn: Connection, lead: Lead, until: float) -> int | None:
    """The edition that is read, if we lead; locks the row until the commit."""
    edition: int | None = conn.execute(_STILL_LEADS, {"fence": lead.fence, "until": until}).scalar()
    return edition


def _take_out(conn: Connection, facts: Sequence[int]) -> int:
    if is_postgres(conn):
        return len(conn.execute(_TAKE_OUT_OF_POSTGRES, {"facts": list(facts)}).all())
    return len(conn.execute(_TAKE_OUT_OF_SQLITE, {"facts": json.dumps(facts)}).all())


def _row(each: Projection, edition: int) -> Row:
    return (edition, each.series, each.name, float(each.at), int(goes(each.series)), each.content)


def _projection_from(row: Sequence[object]) -> Projection:
    return Projection(*row)  # type: ignore[arg-type]


BASE = 0
"""The edition of what forgotten facts had added."""

_NAMES = tuple(column.name for column in schema.projections.columns)
_READ = "projections.series, projections.name, projections.at, projections.content"
_EDITION = "COALESCE((SELECT edition FROM projectors WHERE name = 'all'), 1)"
_FACT = columns_of(("seq", *FACT_COLUMNS), "facts")
_OR_REPLACE = " ON CONFLICT (edition, series, name) DO UPDATE SET at = excluded.at, content = excluded.content"

_LEAD = sql(
    "INSERT INTO projectors (name, holder, until, fence, edition, forgotten, forgets)"
    " VALUES ('all', :holder, :until, 1, 1, 0, 0) ON CONFLICT (name) DO UPDATE SET"
    " fence = projectors.fence + CASE WHEN projectors.holder = excluded.holder THEN 0 ELSE 1 END,"
    " holder = excluded.holder, until = excluded.until"
    " WHERE projectors.holder = excluded.holder OR projectors.until <= :now RETURNING fence"
)
_LEADS = sql("SELECT 1 FROM projectors WHERE name = 'all' AND fence = :fence")
_STILL_LEADS = sql("UPDATE projectors SET until = :until WHERE name = 'all' AND fence = :fence RETURNING edition")
_UNFOLDED = sql(
    f"SELECT {_FACT} FROM (SELECT fact FROM outbox ORDER BY fact LIMIT :limit) AS oldest"  # noqa: S608
    " JOIN facts ON facts.seq = oldest.fact ORDER BY oldest.fact"
)
_UNFOLDED_SINCE = sql(
    "SELECT facts.at FROM (SELECT fact FROM outbox ORDER BY fact LIMIT 1) AS oldest"
    " JOIN facts ON facts.seq = oldest.fact"
)
_TAKE_OUT_OF_SQLITE = sql("DELETE FROM outbox WHERE fact IN (SELECT value FROM json_each(:facts)) RETURNING fact")
_TAKE_OUT_OF_POSTGRES = sql("DELETE FROM outbox WHERE fact = ANY(:facts) RETURNING fact")
_ONE = sql(
    f"SELECT {_READ} FROM projections WHERE edition = {_EDITION} AND series = :series AND name = :name"  # noqa: S608
)
_NAMED_ON_SQLITE = sql(
    f"SELECT {_READ} FROM json_each(:keys) AS keys CROSS JOIN projections"  # noqa: S608
    f" ON projections.edition = COALESCE(:edition, {_EDITION})"
    " AND projections.series = keys.value ->> 0 AND projections.name = keys.value ->> 1"
)
_NAMED_ON_POSTGRES = sql(
    f"SELECT {_READ} FROM unnest(CAST(:series AS text[]), CAST(:names AS text[])) AS keys (series, name)"  # noqa: S608
    f" JOIN projections ON projections.edition = COALESCE(CAST(:edition AS bigint), {_EDITION})"
    " AND projections.series = keys.series AND projections.name = keys.name"
)
_RANGE = sql(
    f"SELECT {_READ} FROM projections WHERE edition = {_EDITION} AND series = :series AND (at, name) < (:before, :last)"  # noqa: S608
    " AND at >= :since ORDER BY at DESC, name DESC LIMIT :limit"
)
_NAMES_FROM = sql(
    f"SELECT {_READ} FROM projections WHERE edition = {_EDITION} AND series = :series AND name >= :start"  # noqa: S608
    " ORDER BY name LIMIT :limit"
)
_FORGOTTEN = sql("SELECT forgotten, forgets FROM projectors WHERE name = 'all'")
_COPY_BASE = sql(
    "INSERT INTO projections (edition, series, name, at, goes, content)"
    " SELECT :edition, series, name, at, goes, content FROM projections WHERE edition = :base"
)
_FOLDED = sql(
    f"SELECT {_FACT} FROM facts WHERE facts.seq > :after"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.fact = facts.seq) ORDER BY facts.seq LIMIT :limit"
)
_PAGE = sql(
    f"SELECT {_READ} FROM projections "  # noqa: S608
    f" WHERE edition = COALESCE(CAST(:edition AS bigint), {_EDITION}) AND (series, name) > (:series, :name)"
    " ORDER BY series, name LIMIT :limit"
)
_PUBLISH = sql(
    "UPDATE projectors SET edition = :edition"
    " WHERE name = 'all' AND fence = :fence AND forgets = :forgets RETURNING edition"
)
_DROP = sql(
    "DELETE FROM projections WHERE (edition, series, name) IN (SELECT edition, series, name FROM projections"  # noqa: S608
    f" WHERE edition > :base AND edition <> {_EDITION} ORDER BY edition, series, name LIMIT :limit) RETURNING name"
)
