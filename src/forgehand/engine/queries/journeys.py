"""What pages and the command line show, read by key or one index range each. Called by `web.admin` and `cli`."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from forgehand.domain.effects import Effect
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import PLAN, Job
from forgehand.domain.ledger import LedgerEntry
from forgehand.domain.paging import Last
from forgehand.ports import store as ports
from forgehand.ports.store import StoredDelivery

MOST_JOBS = 100
"""Of one delivery that are read: one that waits in a merge queue overnight is looked at a thousand times."""
MOST_FACTS = 200


class Pages(ports.Reads, ports.Intake, ports.Jobs, ports.Ledger, ports.Controls, ports.Documents, Protocol):
    """The part of the store that pages read."""


@dataclass(frozen=True, slots=True)
class Planned:
    """How one planning judged a delivery: `matched` and `missed` map a worker to why. `nothing` says why none could be
    woken at all."""

    at: float
    matched: Mapping[str, str]
    missed: Mapping[str, str]
    action: str = ""
    repository: str = ""
    replay: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """An effect that a job brought to `state` at `at`, and whose object a later job has written since: the ledger knows
    that later writing only, and the job's facts know this one."""

    slot: str
    kind: str
    summary: str
    state: str
    at: float


@dataclass(frozen=True, slots=True)
class JobWithEffects:
    job: Job
    effects: tuple[LedgerEntry, ...]
    overtaken: tuple[Overtaken, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """One delivery's path: what came, what was planned, the jobs of workers, what each did. `planning` are the jobs
    that planned it, `facts` everything that happened on the way, oldest first. Of very many these are the first ones,
    and `more_jobs` and `more_facts` say so."""

    received: StoredDelivery
    planned: tuple[Planned, ...]
    planning: tuple[Job, ...]
    jobs: tuple[JobWithEffects, ...]
    facts: tuple[Fact, ...]
    more_jobs: bool = False
    more_facts: bool = False

    @property
    def repository(self) -> str:
        named = [each.job.repository for each in self.jobs] + [each.repository for each in self.planned]
        return next((name for name in named if name), "") or _repository_in(self.received.delivery.body)

    @property
    def action(self) -> str:
        return next((each.action for each in self.planned if each.action), "")

    @property
    def nothing(self) -> str:
        """Why no worker has a job for it; empty while it may still get one."""
        if self.jobs or any(not job.state.ended for job in self.planning):
            return ""
        if why := next((each.nothing for each in self.planned if each.nothing), ""):
            return why
        if self.planned:
            return "no worker's trigger matches"
        return "" if self.planning else f"no worker waits for {self.received.delivery.event}"


@dataclass(frozen=True, slots=True)
class JobStory:
    """One job with its effects and what happened to it, oldest first. Of very much it is one page, from 1, and
    `more_facts` says whether there are later ones."""

    job: Job
    effects: tuple[LedgerEntry, ...]
    facts: tuple[Fact, ...]
    overtaken: tuple[Overtaken, ...] = ()
    page: int = 1
    more_facts: bool = False

    @property
    def told_before(self) -> int:
        """How many facts the pages before this one hold."""
        return (self.page - 1) * MOST_FACTS


@dataclass(frozen=True, slots=True)
class Quiet:
    """Neighboring deliveries that woke no worker, newest first."""

    journeys: tuple[Journey, ...]

    @property
    def events(self) -> str:
        """What they were, the most frequent first: `3 check_run, 1 star`."""
        counted = Counter(each.received.delivery.event for each in self.journeys)
        return ", ".join(f"{number} {event}" for event, number in counted.most_common())


async def recent_journeys(store: Pages, limit: int, before: Last | None = None) -> list[Journey]:
    """The last deliveries, newest first, each with its whole path."""
    return [await _journey(store, each) for each in await store.deliveries(limit, before)]


async def latest_journeys(store: Pages, limit: int) -> list[Journey]:
    """The last deliveries, newest first, each with its whole path: `limit`, or more where hardly one of them woke a
    worker, as after a review, of which GitHub tells us in several events. Reads a bounded number of ranges."""
    journeys = await recent_journeys(store, limit)
    while len(journeys) < limit * _MOST_PAGES and sum(not each.nothing for each in journeys) < _ENOUGH:
        last = journeys[-1].received.delivery if journeys else None
        more = await recent_journeys(store, limit, Last(last.received_at, last.guid)) if last else []
        if not more:
            break
        journeys += more
    return journeys


def folded(journeys: Iterable[Journey]) -> list[Journey | Quiet]:
    """The same in the same order, with two and more neighbors that woke nobody as one."""
    parts: list[Journey | Quiet] = []
    for quiet, group in groupby(journeys, key=lambda each: bool(each.nothing)):
        together = tuple(group)
        parts += [Quiet(together)] if quiet and len(together) > 1 else together
    return parts


async def journey(store: Pages, guid: str) -> Journey | None:
    """One delivery's path, or None where no such delivery is stored."""
    received = await store.delivery(guid)
    return await _journey(store, received) if received else None


async def job_story(store: Pages, job_id: str, page: int = 1) -> JobStory | None:
    """One job, or None where there is none of that id."""
    job = await store.job(job_id)
    return await story_of(store, job, page) if job else None


async def story_of(store: Pages, job: Job, page: int = 1) -> JobStory:
    end = page * MOST_FACTS
    effects, facts = await _effects(store, job.id), await store.facts_of(job=job.id, limit=end + 1)
    shown = tuple(facts[end - MOST_FACTS : end])
    return JobStory(job, effects, shown, _overtaken(job.id, effects, facts[:end]), page, len(facts) > end)


def exactness(kind: str) -> str:
    """How sure an effect of this kind happens once, in the words of its class; empty for an unknown kind."""
    return next((str(each.exactness) for each in Effect.__subclasses__() if each.kind == kind), "")


async def _journey(store: Pages, received: StoredDelivery) -> Journey:
    guid = received.delivery.guid
    jobs = await store.jobs_of(guid, MOST_JOBS + 1)
    facts = await store.facts_of(delivery=guid, limit=MOST_FACTS + 1)
    worked = [job for job in jobs[:MOST_JOBS] if job.type != PLAN]
    return Journey(
        received=received,
        planned=tuple(_planned(facts[:MOST_FACTS])),
        planning=tuple(job for job in jobs[:MOST_JOBS] if job.type == PLAN),
        jobs=await _with_effects(store, worked, facts[:MOST_FACTS]),
        facts=tuple(facts[:MOST_FACTS]),
        more_jobs=len(jobs) > MOST_JOBS,
        more_facts=len(facts) > MOST_FACTS,
    )


async def _with_effects(store: Pages, jobs: Sequence[Job], facts: Sequence[Fact]) -> tuple[JobWithEffects, ...]:
    """Each with its effects, in the order in which they were last written: all of them are read at once."""
    effects: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for each in reversed(await store.entries_of_jobs([job.id for job in jobs]) if jobs else []):
        effects[each.job].append(each)
    return tuple(
        JobWithEffects(job, tuple(effects[job.id]), _overtaken(job.id, effects[job.id], facts)) for job in jobs
    )


def _overtaken(job_id: str, effects: Iterable[LedgerEntry], facts: Iterable[Fact]) -> tuple[Overtaken, ...]:
    """What the job's facts tell of slots that are no longer its own in the ledger, each as the job left it."""
    own = {each.slot for each in effects}
    last: dict[str, Overtaken] = {}
    for fact in facts:
        slot = str(fact.data.get("slot") or "")
        if fact.job == job_id and fact.kind.startswith("effect.") and slot and slot not in own:
            kind, summary = str(fact.data.get("kind") or ""), str(fact.data.get("summary") or "")
            last[slot] = Overtaken(slot, kind, summary or kind, fact.kind.removeprefix("effect."), fact.at)
    return tuple(last.values())


async def _effects(store: Pages, job_id: str) -> tuple[LedgerEntry, ...]:
    """In the order in which they were last written."""
    return tuple(reversed(await store.entries_of(job_id)))


def _planned(facts: Iterable[Fact]) -> Iterable[Planned]:
    for fact in facts:
        if fact.kind == "delivery.planned":
            yield Planned(
                at=fact.at,
                matched=_texts(fact.data.get("matched")),
                missed=_texts(fact.data.get("missed")),
                action=str(fact.data.get("action") or ""),
                repository=str(fact.data.get("repository") or ""),
                replay=str(fact.data.get("replay") or ""),
            )
        elif fact.kind == "delivery.unhandled":
            yield Planned(
                at=fact.at,
                matched={},
                missed={},
                action=str(fact.data.get("action") or ""),
                repository=str(fact.data.get("repository") or ""),
                nothing=str(fact.data.get("why") or "it can wake no worker"),
            )


def _repository_in(body: bytes) -> str:
    """The repository that a payload names; empty where it names none, or is long (lists come without bodies)."""
    if not body or len(body) > _READ_BYTES:
        return ""
    try:
        payload = json.loads(body)
        return str(payload["repository"]["full_name"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


_READ_BYTES = 256 * 1024


def _texts(value: Any) -> Mapping[str, str]:
    return {str(name): str(why) for name, why in value.items()} if isinstance(value, Mapping) else {}


_MOST_PAGES = 4
_ENOUGH = 3
