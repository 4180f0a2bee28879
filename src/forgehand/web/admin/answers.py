"""What the JSON routes answer: the values that pages show too, each list with the place where its next page begins.
Made by `api`; `openapi` writes them as JSON and describes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Job
from forgehand.domain.ledger import LedgerEntry
from forgehand.domain.pulls import PullState
from forgehand.engine.queries import JobStory, Journey, MergeQueue, Overtaken, Planned, PullStory, Verdict, exactness
from forgehand.ports.store import Pause, StoredDelivery

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Status:
    """`paused` is null while writes go on. `next_due`: when the earliest pending job is or was due. `change` grows
    whenever something that a page shows changed."""

    paused: Pause | None
    next_due: float | None
    change: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery without its body; `duplicates` counts how often it came again."""

    guid: str
    event: str
    received_at: float
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow(LedgerEntry):
    """`exactness`: how sure an effect of this kind happens once."""

    exactness: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """`last` is what `?before=` takes for the next page; null where there is nothing."""

    deliveries: tuple[DeliveryRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Jobs:
    """`last` as in Deliveries."""

    jobs: tuple[Job, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Effects:
    """`last` as in Deliveries."""

    effects: tuple[EffectRow, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Pulls:
    """`last` as in Deliveries."""

    pulls: tuple[PullState, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Queues:
    """Those that somebody is in."""

    queues: tuple[MergeQueue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInJourney(Job):
    """A job and what it wrote. `overtaken` are effects whose object a later job has written since."""

    effects: tuple[EffectRow, ...]
    overtaken: tuple[Overtaken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWhole(JobInJourney):
    """`facts` are what happened to it, oldest first: one page of them, and `more_facts` says whether there are later
    ones."""

    facts: tuple[Fact, ...]
    more_facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryWhole(DeliveryRow):
    """One delivery's path. `nothing` says why it woke no worker; empty where it did or may. `jobs` and `facts` are the
    first ones: `more_jobs` and `more_facts` say whether there are others."""

    repository: str
    action: str
    nothing: str
    planned: tuple[Planned, ...]
    jobs: tuple[JobInJourney, ...]
    facts: tuple[Fact, ...]
    more_jobs: bool
    more_facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWhole(PullState):
    """`verdict` is null where it is no longer kept. `jobs` are the last ones about it, newest first."""

    verdict: Verdict | None
    jobs: tuple[JobWhole, ...]


def delivery_row(stored: StoredDelivery) -> DeliveryRow:
    delivery = stored.delivery
    return DeliveryRow(delivery.guid, delivery.event, delivery.received_at, stored.duplicates)


def delivery_whole(found: Journey) -> DeliveryWhole:
    return _more(
        DeliveryWhole,
        delivery_row(found.received),
        repository=found.repository,
        action=found.action,
        nothing=found.nothing,
        planned=found.planned,
        jobs=tuple(
            _more(JobInJourney, each.job, effects=effect_rows(each.effects), overtaken=each.overtaken)
            for each in found.jobs
        ),
        facts=found.facts,
        more_jobs=found.more_jobs,
        more_facts=found.more_facts,
    )


def job_whole(story: JobStory) -> JobWhole:
    effects = effect_rows(story.effects)
    return _more(
        JobWhole,
        story.job,
        effects=effects,
        overtaken=story.overtaken,
        facts=story.facts,
        more_facts=story.more_facts,
    )


def effect_rows(entries: Sequence[LedgerEntry]) -> tuple[EffectRow, ...]:
    return tuple(_more(EffectRow, each, exactness=exactness(each.kind)) for each in entries)


def pull_whole(story: PullStory) -> PullWhole:
    return _more(PullWhole, story.pull, verdict=story.verdict, jobs=tuple(map(job_whole, story.jobs)))


def _more(kind: type[T], known: Any, **more: Any) -> T:
    """A value with one's fields and some more."""
    return kind(**{each.name: getattr(known, each.name) for each in fields(known)}, **more)
