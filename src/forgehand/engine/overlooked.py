"""What GitHub shows and no job has seen: heads of open pull requests, ends of those that were open, moves of their
bases. Looked for by `reconcile`, one repository at a time; a job is made as the event would have made it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from forgehand.domain.deliveries import POLLED
from forgehand.domain.events import Event, Moved, PullRef
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.pulls import PullState
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec, match
from forgehand.engine.planner import job_for
from forgehand.ports.github import OpenPulls, PullRequest
from forgehand.ports.policies import Policies
from forgehand.ports.store import Controls, Jobs, Reads

PULLS_AT_ONCE = 200
DAY = 24 * 3600.0
CAN_PASS = frozenset({JobState.FAILED, JobState.DEAD_LETTER})
"""What somebody or time may have mended since: a permission, a suspension, a long outage."""


class OverlookedStore(Jobs, Controls, Reads, Protocol):
    """The part of the store that is needed here."""


class Overlooked:
    """Made for one page of the poll that began at `since`: the pull requests that we think are open are read once."""

    def __init__(
        self,
        open_pulls: OpenPulls,
        store: OverlookedStore,
        workers: tuple[WorkerSpec, ...],
        policies: Policies,
        since: float,
    ) -> None:
        self._open_pulls = open_pulls
        self._store = store
        self._workers = workers
        self._policies = policies
        self.since = since
        self._in_force: dict[tuple[int, str], str] = {}
        self._thought_open: list[PullState] | None = None

    async def heads(self, repo: Repo, pulls: Sequence[PullRequest], now: float) -> tuple[list[Job], bool]:
        """The jobs that are missing, and whether all others have ended and wait for nothing."""
        missed: list[Job] = []
        settled = True
        for pull in pulls:
            event = as_if_pushed(repo, pull)
            for each in match(event, self._workers)[0]:
                latest = await self._store.latest_job(job_for(each, event, now).lane)
                settled = settled and latest is not None and latest.state.ended
                if covers(latest, pull.head_sha, self.since, base=pull.base_ref, updated=pull.updated_at):
                    continue
                # Also where the policy says no: another policy leaves GitHub's list as it is.
                settled = False
                if not await self._still_left_out(latest, repo, pull):
                    # Another name after each generation: a head that comes back needs a job of its own.
                    named = replace(event, delivery=f"{event.delivery}:{latest.generation if latest else 0}")
                    missed.append(job_for(each, named, now))
        return missed, settled

    async def _still_left_out(self, latest: Job | None, repo: Repo, pull: PullRequest) -> bool:
        """Whether the last job of a lane skipped this very head by the `policy` that is still in force."""
        told = (latest.result or {}) if latest and latest.state is JobState.COMPLETED else {}
        same = (told.get("head"), told.get("base")) == (pull.head_sha, pull.base_ref)
        if not (same and told.get("skipped") and told.get("policy")):
            return False
        key = (repo.id, pull.base_ref)
        if key not in self._in_force:
            self._in_force[key] = (await self._policies.policy(repo, pull.base_ref)).digest
        return bool(told["policy"] == self._in_force[key])

    async def ends(self, repo: Repo, pulls: Sequence[PullRequest], now: float) -> list[Job]:
        """Those about pull requests that we think are open, and that are not among GitHub's."""
        numbers = {pull.number for pull in pulls}
        missed: list[Job] = []
        for known in await self._known_open():
            if known.repo.id == repo.id and known.number not in numbers:
                event = _as_if_closed(repo, known)
                missed.extend(job_for(each, event, now) for each in match(event, self._workers)[0])
        return missed

    async def pushes(self, repo: Repo, bases: set[str], now: float) -> tuple[list[Job], dict[str, str]]:
        """Those about bases that moved since the last poll, and the mark that remembers where they are. Without `bases`
        those of the last time are looked at."""
        key = f"tips:{repo.id}"
        before: Mapping[str, Sequence[str | None]] = json.loads(await self._store.mark(key) or "{}")
        after = dict(before)
        missed: list[Job] = []
        for branch in sorted(bases or before):
            sha, etag = before.get(branch, (None, None))
            answer = await self._open_pulls.tip(repo, branch, etag)
            if answer is None:
                continue
            after[branch] = answer
            if branch in before and answer[0] != sha:
                missed.extend(await self._pushed(repo, Moved(f"refs/heads/{branch}", sha or "", answer[0] or ""), now))
        return missed, {} if after == before else {key: json.dumps(after)}

    async def _pushed(self, repo: Repo, moved: Moved, now: float) -> list[Job]:
        event = _event(repo, f"{POLLED}{repo.id}:{moved.ref}:{moved.after}", "push", None, "", moved=moved)
        jobs = [job_for(each, event, now) for each in match(event, self._workers)[0]]
        return [job for job in jobs if not covers(await self._store.latest_job(job.lane), moved.after, self.since)]

    async def _known_open(self) -> list[PullState]:
        if self._thought_open is None:
            self._thought_open, before = [], None
            while page := await self._store.pulls(PULLS_AT_ONCE, still_open=True, before=before):
                self._thought_open.extend(page)
                before = page[-1].last
        return self._thought_open


def covers(latest: Job | None, head: str, since: float, base: str = "", updated: float = 0.0) -> bool:
    """Whether the last job of a lane has said, or will say, what there is to say about this head. One that is not
    finished reads the present state anyway; one that was completed tells which head it saw (`head`), into which branch
    (`base`, where that matters to it), and what is looked at again, once in each poll, which began at `since`: whether
    it skipped it (a draft, say, which may be none any more), whether it `waits` for something that no webhook need tell
    of, and whether it `hears` what is done without a push, as to labels and reviews, so that what was `updated` after
    its end is news: before it, that may be its own doing. One that failed at this head is tried again another day,
    when what it lacked may be there; one that ended otherwise is not."""
    if latest is None:
        return False
    if not latest.state.ended:
        return True
    if latest.state is JobState.COMPLETED:
        result = latest.result or {}
        news = result.get("hears") and updated > (latest.ended_at or 0.0)
        again = (result.get("skipped") or result.get("waits") or news) and latest.created_at < since
        same = (result.get("head", latest.revision), result.get("base", base)) == (head, base)
        return same and not again
    ended, today = (day_of(latest.repository_id, at) for at in (latest.ended_at or 0.0, since))
    return latest.revision == head and not (latest.state in CAN_PASS and ended < today)


def day_of(repository_id: int, at: float) -> int:
    """The number of the day. It begins at a time of its own for each repository: what is done once a day is not done
    for all at once."""
    return int((at + repository_id) // DAY)


def watches_pushes(workers: Sequence[WorkerSpec]) -> bool:
    return any(trigger.event == "push" for worker in workers if worker.enabled for trigger in worker.triggers)


def as_if_pushed(repo: Repo, pull: PullRequest) -> Event:
    """The event that a push to this head would have been. Named after the head, so that finding it twice is one job."""
    about = PullRef(pull.number, pull.head_sha, pull.head_ref, pull.base_ref, pull.draft, pull.head_repository)
    name = f"{POLLED}{repo.id}:{pull.number}:{pull.head_sha}"
    return _event(repo, name, "pull_request", "synchronize", pull.author, pull=about)


def _as_if_closed(repo: Repo, known: PullState) -> Event:
    about = PullRef(known.number, known.head_sha, base_ref=known.base_ref)
    name = f"{POLLED}{repo.id}:{known.number}:closed:{known.generation}"
    return _event(repo, name, "pull_request", "closed", known.author, pull=about)


def _event(
    repo: Repo,
    delivery: str,
    name: str,
    action: str | None,
    sender: str,
    *,
    pull: PullRef | None = None,
    moved: Moved | None = None,
) -> Event:
    return Event(delivery, name, action, repo, sender, sender_is_bot=False, pull=pull, moved=moved)
