"""Between our values and the tables' rows. Called by the verbs.

Rows are tuples in the order of `DELIVERY_COLUMNS`, `JOB_COLUMNS`, `LEDGER_COLUMNS` and `FACT_COLUMNS`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from forgehand.adapters.sql import schema
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.modes import COMMENT_ONLY, Grant, Mode
from forgehand.domain.repositories import Repo

DELIVERY_COLUMNS = tuple(column.name for column in schema.deliveries.columns)
JOB_COLUMNS = tuple(column.name for column in schema.jobs.columns)
LEDGER_COLUMNS = tuple(column.name for column in schema.ledger.columns)
FACT_COLUMNS = tuple(column.name for column in schema.facts.columns if column.name != "seq")

Row = tuple[Any, ...]

_encode = json.JSONEncoder(separators=(",", ":")).encode
_fast_encode = msgspec.json.Encoder().encode


def job_row(job: Job) -> Row:
    return (
        job.id,
        job.type,
        job.worker,
        job.tenant,
        job.repository_id,
        job.repository,
        job.subject,
        job.created_at,
        to_json(job.payload),
        _grant_text(job.grant),
        job.state.value,
        job.priority,
        job.lane,
        job.key,
        job.revision,
        job.generation,
        job.attempts,
        job.max_attempts,
        job.run_at,
        job.max_duration,
        job.fence,
        job.holder,
        job.lease_until,
        job.started_at,
        job.ended_at,
        job.waiting_for,
        clean(job.why),
        None if job.result is None else to_json(job.result),
        job.delivery,
        job.correlation,
        due_at(job),
    )


def due_at(job: Job) -> float:
    return max(job.run_at, job.created_at)


def job_from(row: Sequence[Any]) -> Job:
    return Job(
        id=row[0],
        type=row[1],
        worker=row[2],
        tenant=row[3],
        repository_id=row[4],
        repository=row[5],
        subject=row[6],
        created_at=row[7],
        payload=json.loads(row[8]),
        grant=_grant_from(row[9]),
        state=JobState(row[10]),
        priority=row[11],
        lane=row[12],
        key=row[13],
        revision=row[14],
        generation=row[15],
        attempts=row[16],
        max_attempts=row[17],
        run_at=row[18],
        max_duration=row[19],
        fence=row[20],
        holder=row[21],
        lease_until=row[22],
        started_at=row[23],
        ended_at=row[24],
        waiting_for=row[25],
        why=row[26],
        result=None if row[27] is None else json.loads(row[27]),
        delivery=row[28],
        correlation=row[29],
    )


def fact_row(fact: Fact) -> Row:
    return (fact.id, fact.kind, fact.at, fact.delivery, fact.job, fact.repository_id, to_json(fact.data))


def fact_from(row: Sequence[Any]) -> Fact:
    return Fact(
        id=row[0],
        kind=row[1],
        at=row[2],
        delivery=row[3],
        job=row[4],
        repository_id=row[5],
        data=json.loads(row[6]),
    )


def ledger_row(entry: LedgerEntry, updated_at: float) -> Row:
    """The row as it will be stored: one version higher."""
    return (
        entry.slot,
        entry.kind,
        entry.repo.installation,
        entry.repo.id,
        entry.repo.full_name,
        entry.subject,
        entry.worker,
        entry.purpose,
        entry.sha,
        entry.digest,
        entry.generation,
        entry.state.value,
        clean(entry.summary),
        entry.job,
        entry.delivery,
        entry.fence,
        entry.sent_at,
        entry.remote_id,
        entry.remote_url,
        clean(entry.why),
        to_json(entry.content),
        updated_at,
        entry.version + 1,
    )


def ledger_from(row: Sequence[Any]) -> LedgerEntry:
    return LedgerEntry(
        slot=row[0],
        kind=row[1],
        repo=Repo(installation=row[2], id=row[3], full_name=row[4]),
        subject=row[5],
        worker=row[6],
        purpose=row[7],
        sha=row[8],
        digest=row[9],
        generation=row[10],
        state=EffectState(row[11]),
        summary=row[12],
        job=row[13],
        delivery=row[14],
        fence=row[15],
        sent_at=row[16],
        remote_id=row[17],
        remote_url=row[18],
        why=row[19],
        content=json.loads(row[20]),
        updated_at=row[21],
        version=row[22],
    )


def to_json(value: Mapping[str, Any]) -> str:
    """As JSON text. msgspec takes a tenth of the time; the standard library has the last word on what it does not
    take, such as half of a surrogate pair in a file's name."""
    if not value:
        return "{}"
    try:
        return _fast_encode(value).decode()
    except (TypeError, ValueError):
        return _encode(dict(value))


def clean(text: str) -> str:
    """Free text without what a database refuses: NUL (PostgreSQL) and lone surrogates, such as file names bring."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _grant_text(grant: Grant) -> str:
    if grant is COMMENT_ONLY or grant == COMMENT_ONLY:
        return _COMMENT_ONLY_TEXT
    told = {"mode": grant.mode.value, "allow_push": grant.allow_push, "operate": grant.operate}
    return _encode(told | ({"dispatch": True} if grant.dispatch else {}))


def _grant_from(text: str) -> Grant:
    if text == _COMMENT_ONLY_TEXT:
        return COMMENT_ONLY
    said = json.loads(text)
    # Rows from before there was a dispatch do not tell of it.
    dispatch = said.get("dispatch", False)
    return Grant(mode=Mode(said["mode"]), allow_push=said["allow_push"], operate=said["operate"], dispatch=dispatch)


_COMMENT_ONLY_TEXT = _encode({"mode": COMMENT_ONLY.mode.value, "allow_push": False, "operate": False})
