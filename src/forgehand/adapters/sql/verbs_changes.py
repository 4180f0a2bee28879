"""The parts of a `Change`: new jobs, facts, marks, what is left behind. Called by the other verbs, in a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection

from forgehand.adapters.sql import schema
from forgehand.adapters.sql.rows import (
    FACT_COLUMNS,
    JOB_COLUMNS,
    fact_row,
    job_from,
    job_row,
)
from forgehand.adapters.sql.schema import HELD, UNFINISHED
from forgehand.adapters.sql.statements import NEW_ONLY, columns_of, insert_new, insert_rows, locking, sql
from forgehand.adapters.sql.verbs_documents import put_documents
from forgehand.adapters.sql.verbs_pulls import put_pulls
from forgehand.domain.facts import Fact
from forgehand.domain.followups import after_failure
from forgehand.domain.jobs import Change, Job, JobState, job_fact, made_known
from forgehand.domain.marks import lasts


def apply(conn: Connection, change: Change, now: float, *, counted: bool = True) -> None:
    """Write everything of a change but its job's own row. `counted`: its last fact shall tell which jobs were new."""
    made = enqueue(conn, change.enqueue, now)
    put_facts(conn, made_known(change.facts, made) if counted else change.facts)
    put_marks(conn, change.marks, now)
    put_documents(conn, change.documents, now)
    put_pulls(conn, change.pulls)


def only_new_jobs(change: Change) -> bool:
    """Whether `apply` is one statement, which inserts jobs: then it needs no transaction around it."""
    others = change.facts or change.marks or change.documents or change.pulls
    return not others and not any(job.lane for job in change.enqueue)


def enqueue(conn: Connection, jobs: Sequence[Job], now: float) -> list[Job]:
    """Create those jobs that do not exist, in order; one with a lane supersedes the lane's others. Gives those made."""
    made: list[Job] = []
    for in_lane, run in groupby(jobs, key=lambda job: bool(job.lane)):
        if in_lane:
            made += [job for job in run if _enqueue_in_lane(conn, job, now)]
        else:
            made += _enqueue_all(conn, list(run))
    return made


def put_facts(conn: Connection, facts: Sequence[Fact]) -> None:
    insert_rows(conn, schema.facts, FACT_COLUMNS, [fact_row(fact) for fact in facts], NEW_ONLY)


def put_marks(conn: Connection, marks: Mapping[str, str], now: float) -> None:
    for key, value in sorted(marks.items()):
        conn.execute(_PUT_MARK, {"key": key, "value": value, "now": now, "lasts": int(lasts(key))})


def save(conn: Connection, job: Job, now: float, was: JobState) -> None:
    """Write a transition of a job whose row is ours, with its fact and what follows from its end, and free its key."""
    conn.execute(_SAVE, _saved(job))
    _free_key(conn, job)
    apply(conn, Change(enqueue=after_failure(job, now), facts=(job_fact(job, now, was),)), now)


def save_if_held(conn: Connection, job: Job) -> bool:
    """Write a transition out of a hold under `job.fence` and free the key; False when it is held so no more."""
    if conn.execute(_SAVE_IF_HELD, _saved(job)).first() is None:
        return False
    _free_key(conn, job)
    return True


def _enqueue_all(conn: Connection, jobs: Sequence[Job]) -> list[Job]:
    new = insert_new(conn, schema.jobs, JOB_COLUMNS, [job_row(job) for job in jobs], "id")
    return list({job.id: job for job in jobs if job.id in new}.values())


def _enqueue_in_lane(conn: Connection, job: Job, now: float) -> bool:
    if conn.execute(_EXISTS, {"id": job.id}).first() is not None:
        return False
    numbered = replace(job, generation=_next_generation(conn, job.lane))
    # On PostgreSQL another transaction may have made the job since we looked: then it has superseded the lane.
    made = bool(insert_new(conn, schema.jobs, JOB_COLUMNS, [job_row(numbered)], "id"))
    if made:
        _supersede(conn, numbered, now)
    return made


def _next_generation(conn: Connection, lane: str) -> int:
    """A lane that was forgotten goes on above all that were, or what it once said would count as newer."""
    generation: int | None = conn.execute(_NEXT_GENERATION, {"lane": lane}).scalar()
    if generation is None:
        # Apart, so that on PostgreSQL it sees what a forgetting left for which the first one waited.
        generation = conn.execute(_FIRST_GENERATION, {"lane": lane}).scalar_one()
    return generation


def _supersede(conn: Connection, by: Job, now: float) -> None:
    others = conn.execute(sql(_LANE_OTHERS + locking(conn)), {"lane": by.lane, "id": by.id}).all()
    for row in others:
        other = job_from(row)
        save(
            conn,
            replace(
                other,
                state=JobState.SUPERSEDED,
                why=f"superseded by {by.id}" + (f" at {by.revision}" if by.revision else ""),
                # The holder's number is no longer the job's: it can write nothing more.
                fence=other.fence + 1,
                holder=None,
                lease_until=None,
                waiting_for="",
                ended_at=now,
            ),
            now,
            other.state,
        )


def _saved(job: Job) -> dict[str, object]:
    row = dict(zip(JOB_COLUMNS, job_row(job), strict=True))
    return {name: row[name] for name in ("id", *_SAVED)}


def _free_key(conn: Connection, job: Job) -> None:
    if job.key:
        conn.execute(_FREE_KEY, {"job": job.id})


_SAVED = (
    "payload",
    "state",
    "priority",
    "attempts",
    "run_at",
    "due_at",
    "fence",
    "holder",
    "lease_until",
    "ended_at",
    "waiting_for",
    "why",
    "result",
)
"""The columns that transitions change. The rest of a job is what it was made with."""

_SAVE = sql(f"UPDATE jobs SET {', '.join(f'{name} = :{name}' for name in _SAVED)} WHERE id = :id")  # noqa: S608
_SAVE_IF_HELD = sql(f"{_SAVE.text} AND fence = :fence AND {HELD} RETURNING id")
_EXISTS = sql("SELECT 1 FROM jobs WHERE id = :id")
_NEXT_GENERATION = sql("UPDATE lanes SET generation = generation + 1 WHERE lane = :lane RETURNING generation")
_FIRST_GENERATION = sql(
    "INSERT INTO lanes (lane, generation)"
    " VALUES (:lane, COALESCE((SELECT generation FROM lanes WHERE lane = ''), 0) + 1)"
    " ON CONFLICT (lane) DO UPDATE SET generation = lanes.generation + 1 RETURNING generation"
)
_LANE_OTHERS = (
    f"SELECT {columns_of(JOB_COLUMNS)} FROM jobs"  # noqa: S608
    f" WHERE lane = :lane AND lane <> '' AND {UNFINISHED} AND id <> :id ORDER BY id"
)
_FREE_KEY = sql("DELETE FROM key_locks WHERE job = :job")
_PUT_MARK = sql(
    "INSERT INTO marks (key, value, updated_at, lasts) VALUES (:key, :value, :now, :lasts)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)
