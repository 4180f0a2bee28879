"""Planning: a stored delivery becomes the jobs of the workers it wakes, or a fact that says why it wakes none.

Runs as a job of type `plan`, page by page, so that a crash in it is just a job that is run again: the ids of what it
creates follow from the delivery.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from forgehand.domain.arrivals import planning_job
from forgehand.domain.caps import HELD_BACK, NO_CAPS, Caps, Turn, buckets, held_back, turn
from forgehand.domain.events import Event, Unhandled, each_about_one, parse
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLAN, Done, Failed, Job, Outcome, job_id
from forgehand.domain.pulls import PullState
from forgehand.domain.retries import MAX_ATTEMPTS
from forgehand.domain.routing import Match, WorkerSpec, match
from forgehand.ports.desk import Desk
from forgehand.ports.store import Controls, Intake, LastJobs

JOBS_A_PAGE = 15
"""A Change stays within what the smallest store takes in one transaction (100 items)."""

OWN_ECHOES = frozenset(
    {
        "check_run",
        "check_suite",
        "commit_comment",
        "issue_comment",
        "issues",
        "label",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "status",
    }
)
"""Events that we cause by speaking. They never wake us when our own App sent them, or a worker would talk to itself."""

ASKED_FOR = frozenset({"rerequested", "requested_action"})
"""What a person asks of a check of ours: no echo."""

MOST_IN_A_ROW = 10
"""How often our own App may move a pull request's head, with nobody else in between, and still be woken by it. What it
does because of its own push, and pushes again, would never end."""


class Us(Protocol):
    """Who we are on GitHub: our App's login (`slug[bot]`) and id, 0 for a person."""

    @property
    def login(self) -> str: ...

    @property
    def app_id(self) -> int: ...


class PlanStore(Intake, Controls, LastJobs, Protocol):
    """The part of the store that planning needs."""

    async def pull(self, repository_id: int, number: int) -> PullState | None: ...


class Planner:
    """`us` is asked only for events that may be of our own making. `caps` say how much costly work begins at once."""

    type = PLAN

    def __init__(
        self,
        store: PlanStore,
        workers: tuple[WorkerSpec, ...],
        us: Callable[[], Awaitable[Us]],
        caps: Caps = NO_CAPS,
    ) -> None:
        self._store = store
        self._workers = workers
        self._us = us
        self._caps = caps
        # The slots of one process take their turns here; with other processes the store decides.
        self._drawing = asyncio.Lock()

    async def run(self, desk: Desk) -> Outcome:
        guid = str(desk.job.payload["guid"])
        stored = await self._store.delivery(guid)
        if stored is None:
            return Failed(f"delivery {guid} is not stored")
        event = parse(stored.delivery)
        if isinstance(event, Unhandled):
            return _nothing(desk, event.why)
        if await self._is_echo(event):
            return _nothing(desk, "our own App sent it", event)
        turn = await self._own_turn(event, desk.now())
        if turn > MOST_IN_A_ROW:
            why = f"our own App moved {event.subject} {turn} times in a row: it rests until somebody else pushes"
            return _nothing(desk, why, event)
        return await self._plan(desk, await self._as_seen(event))

    async def _plan(self, desk: Desk, event: Event) -> Done:
        guid, now = event.delivery, desk.now()
        matches: list[tuple[Event, Match]] = []
        misses: dict[str, str] = {}
        for each in each_about_one(event):
            woken, asleep = match(each, self._workers)
            matches.extend((each, matched) for matched in woken)
            misses.update((miss.worker.id, miss.why) for miss in asleep)
        cursor, replay = int(desk.job.payload.get("cursor", 0)), str(desk.job.payload.get("replay", ""))
        page = matches[cursor : cursor + JOBS_A_PAGE]
        costly = [matched.worker for _, matched in page if matched.worker.costly and event.pull and not replay]
        given = await self._turn(event, costly, now) if costly else Turn(now)
        jobs = [_in_turn(job_for(matched, each, now, replay=replay), matched, given) for each, matched in page]
        if len(matches) > cursor + JOBS_A_PAGE:
            jobs.append(planning_job(guid, event.name, now, replay=replay, cursor=cursor + JOBS_A_PAGE))
        woken_here = {matched.worker.id: matched.why for _, matched in page}
        held = _held_back(desk, event, given) if given.why else ()
        planned = Fact(
            id=fact_id("planned", desk.job.id, near=desk.job.id),
            kind="delivery.planned",
            at=now,
            delivery=guid,
            repository_id=event.repo.id,
            data={
                "matched": woken_here,
                "missed": {worker: why for worker, why in misses.items() if worker not in woken_here},
                "action": event.action,
                "repository": event.repo.full_name,
                "replay": replay,
            },
        )
        return Done({"jobs": len(page)}, jobs=tuple(jobs), facts=(*held, planned))

    async def _is_echo(self, event: Event) -> bool:
        labels = event.name == "pull_request" and event.action in ("labeled", "unlabeled")
        if event.name not in OWN_ECHOES and not labels:
            return False
        us = await self._us()
        # The sender of a check suite is whoever pushed, so that the App that it belongs to is asked as well.
        ours = bool(event.app) and event.app == us.app_id and event.action not in ASKED_FOR
        return ours or event.sender == us.login

    async def _turn(self, event: Event, costly: Sequence[WorkerSpec], now: float) -> Turn:
        """When what this event causes begins. Where that is later, and an earlier one about the same subject is held
        back already, this one supersedes it and has its turn.

        It is drawn before the jobs are made, so that no other planning draws the same: a crash in between draws once
        more, and what it begins later begins no sooner than it may."""
        assert event.pull is not None
        ours = event.sender_is_bot and event.sender == (await self._us()).login
        drawn = buckets(self._caps, event.repo.id, event.pull.number, "" if ours else event.sender)
        lanes = [lane for worker in costly if (lane := _lane(worker, event))]
        async with self._drawing:
            while True:
                seen = {each.key: await self._store.mark(each.key) for each in drawn}
                given = turn(drawn, seen, now)
                if given.why and (earlier := await self._earlier(lanes, now)):
                    return earlier
                if await self._store.move_marks(seen, given.marks, now):
                    return given

    async def _earlier(self, lanes: Sequence[str], now: float) -> Turn | None:
        """The turn that an earlier one of these lanes waits for."""
        for lane in lanes:
            last = await self._store.latest_job(lane)
            if last and held_back(last) and last.run_at > now:
                return Turn(last.run_at, last.why)
        return None

    async def _as_seen(self, event: Event) -> Event:
        """A comment does not say which head its author saw; what we last said of the pull request does, near enough."""
        if event.comment is None or event.pull is None or event.pull.head_sha:
            return event
        known = await self._store.pull(event.repo.id, event.pull.number)
        return replace(event, pull=replace(event.pull, head_sha=known.head_sha)) if known else event

    async def _own_turn(self, event: Event, now: float) -> int:
        """How often in a row, this time included, our own App moved the head of this pull request; that is remembered.
        The chain goes on while each move begins where our last one ended."""
        moved = event.moved
        if not (event.pull and moved and event.sender_is_bot) or event.sender != (await self._us()).login:
            return 0
        key = f"own:{event.repo.id}:{event.subject}"
        while True:
            seen = await self._store.mark(key)
            count, _, ended = (seen or "0:").partition(":")
            if ended == moved.after:
                # Planned before: a replay, or a crash in between.
                return int(count)
            turn = int(count) + 1 if ended == moved.before else 1
            if await self._store.move_marks({key: seen}, {key: f"{turn}:{moved.after}"}, now):
                return turn


def _in_turn(job: Job, matched: Match, given: Turn) -> Job:
    if not (matched.worker.costly and given.why):
        return job
    return replace(job, run_at=given.at, why=given.why, payload={**job.payload, HELD_BACK: True})


def _held_back(desk: Desk, event: Event, given: Turn) -> tuple[Fact]:
    about = {"repository": event.repo.full_name, "subject": event.subject, "sender": event.sender}
    fact = Fact(
        id=fact_id("held back", desk.job.id, near=desk.job.id),
        kind="delivery.held_back",
        at=desk.now(),
        delivery=event.delivery,
        repository_id=event.repo.id,
        data={"why": given.why, "until": given.at, **about},
    )
    return (fact,)


def job_for(matched: Match, event: Event, now: float, *, replay: str = "") -> Job:
    """The job of one worker for one event: the same event gives the same id, a replay gives another. Those of comments
    on one pull request run one at a time, since each may change what another one reads."""
    worker, subject = matched.worker, event.subject
    revision = event.pull.head_sha if event.pull else event.commit or _end(event)
    return Job(
        id=job_id(event.delivery, replay, worker.id, event.repo.id, subject, revision, near=event.delivery),
        type=worker.type,
        worker=worker.id,
        tenant=event.repo.installation,
        repository_id=event.repo.id,
        repository=event.repo.full_name,
        subject=subject,
        created_at=now,
        payload=_payload(event),
        grant=worker.grant,
        lane=_lane(worker, event),
        key=f"{worker.id}:{event.repo.id}:{subject}" if event.comment else "",
        revision=revision,
        run_at=now,
        max_duration=worker.max_duration,
        max_attempts=MAX_ATTEMPTS,
        delivery=event.delivery,
        correlation=event.delivery,
    )


def _end(event: Event) -> str:
    """The commit that a run is of, or a ref went to."""
    if event.run:
        return event.run.head_sha
    return event.moved.after if event.moved else ""


def _lane(worker: WorkerSpec, event: Event) -> str:
    """Events about one subject supersede each other in a worker, whose job reads the present state; but each comment
    is a wish of its own. A light worker never supersedes a heavy one: each has its own lane."""
    one_of_many = event.comment is not None or event.subject.startswith("event/")
    return "" if one_of_many else f"{worker.id}:{event.repo.id}:{event.subject}"


def _payload(event: Event) -> dict[str, Any]:
    """What woke the worker; of a comment enough to read it again."""
    payload: dict[str, Any] = {"event": event.name, "action": event.action, "sender": event.sender}
    if event.comment:
        payload["comment"] = event.comment.id
        payload["first_line"] = event.comment.first_line
    if event.moved:
        payload["before"], payload["after"] = event.moved.before, event.moved.after
    if event.rebased:
        payload["rebased"] = True
    return payload


def _nothing(desk: Desk, why: str, event: Event | None = None) -> Done:
    about = {"action": event.action, "repository": event.repo.full_name} if event else {}
    nothing = Fact(
        id=fact_id("planned", desk.job.id, near=desk.job.id),
        kind="delivery.unhandled",
        at=desk.now(),
        delivery=desk.job.delivery,
        data={"why": why, **about},
    )
    return Done({"jobs": 0, "why": why}, facts=(nothing,))
