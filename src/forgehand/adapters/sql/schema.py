"""The tables, one schema for SQLite and PostgreSQL. Read by the verbs; created by `migrations`.

Times are epoch seconds. JSON is kept as text: it is never queried, and text is the cheapest to write on both. Every
list a page shows is a range of one index here.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

_Sequence = BigInteger().with_variant(Integer, "sqlite")

PENDING = "state = 'pending'"
HELD = "state IN ('claimed', 'running')"
WAITING = "state = 'waiting'"
UNFINISHED = "state IN ('pending', 'claimed', 'running', 'waiting')"
GOES = "lasts = 0"
PASSING = "goes = 1"
OPEN = "state = 'open'"
OVER = "state <> 'open'"
QUEUED = "standing = 'queued'"
ABOUT = "repository_id <> 0"
BY_PEOPLE = "substr(kind, 1, 6) = 'admin.'"
WRITTEN = "kind IN ('effect.done', 'effect.unknown', 'effect.rejected', 'effect.refused')"
"""Conditions of partial indexes. SQLite uses such an index only where the query repeats its condition literally."""


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


deliveries = Table(
    "deliveries",
    metadata,
    Column("guid", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("duplicates", Integer, nullable=False),
    # Last, so that SQLite reads the others without following the body's overflow pages.
    Column("body", LargeBinary, nullable=False),
    Index("deliveries_by_time", "received_at", "guid"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("tenant", BigInteger, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("repository", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Column("granted", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("run_at", Double, nullable=False),
    Column("max_duration", Double, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("holder", Text),
    Column("lease_until", Double),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("waiting_for", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("result", Text),
    Column("delivery", Text),
    Column("correlation", Text, nullable=False),
    # The later of created_at and run_at: what claims are ordered by, so that a retried job waits its turn.
    Column("due_at", Double, nullable=False),
    _partial("jobs_due", "priority", "due_at", "id", where=PENDING),
    _partial("jobs_waiting", "waiting_for", "id", where=WAITING),
    _partial("jobs_lane", "lane", "id", where=f"lane <> '' AND {UNFINISHED}"),
    _partial("jobs_latest", "lane", "generation", where="lane <> ''"),
    _partial("jobs_delivery", "delivery", "created_at", "id", where="delivery IS NOT NULL"),
    _partial("jobs_about", "repository_id", "subject", "created_at", "id", where=ABOUT),
    Index("jobs_by_time", "created_at", "id"),
    # Also finds those that are held, who are few at any time: leases and holders need no index of their own.
    Index("jobs_by_state", "state", "created_at", "id"),
)

lanes = Table(
    "lanes",
    metadata,
    # The lane of no name is that of no job: it holds the highest generation of those that were forgotten.
    Column("lane", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False),
)

key_locks = Table(
    "key_locks",
    metadata,
    # The row is the lock: whatever ends a hold on the job deletes it in the same transaction.
    Column("key", Text, primary_key=True),
    Column("job", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Index("key_locks_by_job", "job"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("installation", BigInteger, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("repository", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("sha", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("delivery", Text),
    Column("fence", BigInteger, nullable=False),
    Column("sent_at", Double),
    Column("remote_id", Text),
    Column("remote_url", Text),
    Column("why", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ledger_by_time", "updated_at", "slot"),
    Index("ledger_by_state", "state", "updated_at", "slot"),
    Index("ledger_by_job", "job", "updated_at", "slot"),
)

facts = Table(
    "facts",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("delivery", Text),
    Column("job", Text),
    Column("repository_id", BigInteger),
    Column("data", Text, nullable=False),
    Index("facts_id", "id", unique=True),
    _partial("facts_delivery", "delivery", "at", "seq", where="delivery IS NOT NULL"),
    _partial("facts_job", "job", "at", "seq", where="job IS NOT NULL"),
    _partial("facts_by_people", "at", "id", where=BY_PEOPLE),
    _partial("facts_written", "at", "id", where=WRITTEN),
)

outbox = Table(
    "outbox",
    metadata,
    # Facts that no projection knows yet. A trigger on `facts` fills it, and whoever folds them empties it.
    Column("fact", _Sequence, primary_key=True, autoincrement=False),
)

projectors = Table(
    "projectors",
    metadata,
    # One row: the lease on folding, which edition of the projections is read, and what has been forgotten.
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Double, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("edition", BigInteger, nullable=False),
    Column("forgotten", Double, nullable=False),
    Column("forgets", BigInteger, nullable=False),
)

projections = Table(
    "projections",
    metadata,
    # Edition 0 holds what forgotten facts had added to the rows that stay.
    Column("edition", BigInteger, primary_key=True, autoincrement=False),
    Column("series", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("goes", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Index("projections_by_time", "edition", "series", "at", "name"),
    _partial("projections_that_go", "edition", "at", "series", "name", where=PASSING),
    sqlite_with_rowid=False,
)

marks = Table(
    "marks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    # Whether age does nothing to it.
    Column("lasts", Integer, nullable=False),
    _partial("marks_that_go", "updated_at", "key", where=GOES),
)

documents = Table(
    "documents",
    metadata,
    Column("key", Text, primary_key=True),
    Column("updated_at", Double, nullable=False),
    # Whether age does nothing to it.
    Column("lasts", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    _partial("documents_that_go", "updated_at", "key", where=GOES),
)

pulls = Table(
    "pulls",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("installation", BigInteger, nullable=False),
    Column("repository", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("base_ref", Text, nullable=False),
    Column("head_sha", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("blocker", Text, nullable=False),
    Column("position", Integer),
    _partial("pulls_open", "updated_at", "repository_id", "number", where=OPEN),
    _partial("pulls_over", "updated_at", "repository_id", "number", where=OVER),
    _partial("pulls_open_of_one", "repository_id", "updated_at", "number", where=OPEN),
    _partial("pulls_over_of_one", "repository_id", "updated_at", "number", where=OVER),
    _partial("pulls_queued", "repository_id", "base_ref", "position", "number", where=QUEUED),
)

controls = Table(
    "controls",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires_at", Double, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    # SQLite only: one row, one higher with each commit that wrote. PostgreSQL counts its transactions by itself.
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
