"""Workers, repositories, targets and failures, a row for each, newest first. Called by `web.admin` and `cli`."""

from dataclasses import dataclass

from forgehand.domain.paging import Last
from forgehand.domain.projections import (
    DEAD,
    FAILURES,
    NAMES,
    OPEN,
    REPOSITORIES,
    TARGETS,
    WAITING,
    WORKERS,
    Projection,
)
from forgehand.domain.tallies import Tally, Times, tally_from
from forgehand.engine.queries.windows import EVERY, Numbers, ended, failed, success, took, totals


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """`last` is the state in which its last job ended, at `last_at`."""

    worker: str
    completed: int
    failed: int
    success: float | None
    under_way: int
    waiting: int
    dead_letters: int
    job: Times
    run: Times
    last: str
    last_at: float

    @property
    def end(self) -> Last:
        """Where a page of workers ended that ended with this one."""
        return Last(self.last_at, self.worker)


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """`approval_rate` is in percent of what was reviewed, each head once; 0.0 when nothing was."""

    id: int
    name: str
    prs_reviewed: int
    prs_approved: int
    prs_rejected: int
    prs_merged: int
    approval_rate: float
    last_checked: float | None
    completed: int
    failed: int
    success: float | None
    job: Times
    last_at: float

    @property
    def end(self) -> Last:
        """Where a page of repositories ended that ended with this one."""
        return Last(self.last_at, str(self.id))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of reviews, each head once: of one repository, or of all."""

    prs_reviewed: int
    prs_merged: int
    prs_rejected: int
    approval_rate: float
    last_checked: float | None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A workflow that runs of other repositories start: `owner/name:cd.yml`. `ended` are runs whose conclusion is
    known."""

    target: str
    started: int
    failed: int
    denied: int
    ended: int
    last_at: float

    @property
    def end(self) -> Last:
        """Where a page of targets ended that ended with this one."""
        return Last(self.last_at, self.target)


@dataclass(frozen=True, slots=True)
class FailureRow:
    """`kind` is that of the fact; the others are empty where it does not name them."""

    fact: str
    kind: str
    at: float
    why: str
    repository: str
    subject: str
    worker: str
    job: str
    delivery: str
    slot: str

    @property
    def end(self) -> Last:
        """Where a page of failures ended that ended with this one."""
        return Last(self.at, self.fact)


async def workers(store: Numbers, limit: int, before: Last | None = None) -> tuple[WorkerRow, ...]:
    return tuple(_worker(row) for row in await store.projections(WORKERS, limit, before))


async def worker(store: Numbers, name: str) -> WorkerRow | None:
    row = await store.projection(WORKERS, name)
    return _worker(row) if row else None


async def repositories(store: Numbers, limit: int, before: Last | None = None) -> tuple[RepositoryRow, ...]:
    return tuple(_repository(row) for row in await store.projections(REPOSITORIES, limit, before))


async def repository(store: Numbers, repository_id: int) -> RepositoryRow | None:
    row = await store.projection(REPOSITORIES, str(repository_id))
    return _repository(row) if row else None


async def reviewed(store: Numbers, name: str = "") -> Reviewed:
    """Of the repository of this name, or of all where none is named."""
    return _reviewed(await tally_of(store, name))


async def tally_of(store: Numbers, name: str) -> Tally:
    """The numbers of the repository of this name, or of all where none is named."""
    if not name:
        return await totals(store)
    found = await repository_named(store, name)
    row = await store.projection(REPOSITORIES, str(found)) if found is not None else None
    return tally_from(row.content, row.at) if row else Tally()


async def repository_named(store: Numbers, name: str) -> int | None:
    """GitHub's id of the repository that was last seen under this full name."""
    row = await store.projection(NAMES, name.casefold())
    return int(tally_from(row.content, row.at).last("id")) if row else None


async def targets(store: Numbers, limit: int, before: Last | None = None) -> tuple[TargetRow, ...]:
    return tuple(_target(row) for row in await store.projections(TARGETS, limit, before))


async def failures(store: Numbers, limit: int, before: Last | None = None) -> tuple[FailureRow, ...]:
    return tuple(_failure(row) for row in await store.projections(FAILURES, limit, before))


def _reviewed(tally: Tally) -> Reviewed:
    return Reviewed(
        prs_reviewed=tally.count("review.judged"),
        prs_merged=tally.count("pull.merged"),
        prs_rejected=tally.count("review.rejected"),
        approval_rate=approval_rate(tally),
        last_checked=tally.last_at("job.review"),
    )


def approval_rate(tally: Tally) -> float:
    reviewed = tally.count("review.judged")
    return round(100 * tally.count("review.approved") / reviewed, 2) if reviewed else 0.0


def _worker(row: Projection) -> WorkerRow:
    tally = tally_from(row.content, row.at)
    return WorkerRow(
        worker=row.name,
        completed=ended(tally.counts, "completed", EVERY),
        failed=failed(tally.counts, EVERY),
        success=success(tally.counts, EVERY),
        under_way=tally.count(OPEN),
        waiting=tally.count(WAITING),
        dead_letters=tally.count(DEAD),
        job=took(tally, EVERY),
        run=tally.times("run"),
        last=tally.last(f"job.{row.name}"),
        last_at=row.at,
    )


def _repository(row: Projection) -> RepositoryRow:
    tally = tally_from(row.content, row.at)
    return RepositoryRow(
        id=int(row.name),
        name=tally.last("name"),
        prs_reviewed=tally.count("review.judged"),
        prs_approved=tally.count("review.approved"),
        prs_rejected=tally.count("review.rejected"),
        prs_merged=tally.count("pull.merged"),
        approval_rate=approval_rate(tally),
        last_checked=tally.last_at("job.review"),
        completed=tally.count("job.completed"),
        failed=failed(tally.counts),
        success=success(tally.counts),
        job=tally.times("job"),
        last_at=row.at,
    )


def _target(row: Projection) -> TargetRow:
    tally = tally_from(row.content, row.at)
    return TargetRow(
        target=row.name,
        started=tally.count("dispatch.trigger.succeeded"),
        failed=tally.count("dispatch.trigger.failed"),
        denied=tally.count("dispatch.target.denied"),
        ended=tally.count("dispatch.run.ended"),
        last_at=row.at,
    )


def _failure(row: Projection) -> FailureRow:
    tally = tally_from(row.content, row.at)
    return FailureRow(
        fact=row.name,
        kind=tally.last("kind"),
        at=row.at,
        why=tally.last("why") or tally.last("summary"),
        repository=tally.last("repository"),
        subject=tally.last("subject"),
        worker=tally.last("worker"),
        job=tally.last("job"),
        delivery=tally.last("delivery"),
        slot=tally.last("slot"),
    )
