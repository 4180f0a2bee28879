"""Pull requests and merge queues: what was decided, why, and what led there. Called by `web.admin`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.domain.pulls import PullState
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, from_json
from forgehand.engine.queries.journeys import JobStory, Pages, story_of

JOBS_SHOWN = 20
QUEUED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """The tree of rulings at `head`, under the policy that `source` gave at the commit `policy`."""

    head: str
    source: str
    policy: str
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class PullStory:
    """`verdict` is None where it is no longer kept. `jobs` are the last ones about it, newest first."""

    pull: PullState
    verdict: Verdict | None
    jobs: tuple[JobStory, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """`pull` is None where nobody has decided about it yet. `aboard`: what is tested now holds it. Those of a higher
    `priority` go first."""

    number: int
    head: str
    since: float
    aboard: bool
    priority: int
    pull: PullState | None


@dataclass(frozen=True, slots=True)
class MergeQueue:
    """The queue of one base branch. `doing` says in words what is going on; `branch`, at `commit`, is what is tested,
    empty where nothing is. `since` is when the wait for it began, 0 where none did."""

    repo: Repo
    base_ref: str
    doing: str
    branch: str
    commit: str
    since: float
    members: tuple[Member, ...]


async def pull_story(store: Pages, repository_id: int, number: int) -> PullStory | None:
    """One pull request, or None where nobody has decided about it."""
    pull = await store.pull(repository_id, number)
    if pull is None:
        return None
    verdict = _verdict(await store.document(f"verdict:{repository_id}:{number}"))
    jobs = await store.jobs_about(repository_id, f"pull/{number}", JOBS_SHOWN)
    return PullStory(pull, verdict, tuple([await story_of(store, job) for job in jobs]))


async def merge_queues(store: Pages) -> tuple[MergeQueue, ...]:
    """Those that somebody is in, by repository and base branch."""
    queued: dict[tuple[int, str], Repo] = {}
    for pull in await store.queued(QUEUED_SHOWN):
        queued.setdefault((pull.repo.id, pull.base_ref), pull.repo)
    return tuple([await _queue(store, repo, base_ref) for (_, base_ref), repo in queued.items()])


def _verdict(text: str | None) -> Verdict | None:
    """What another version wrote, and cannot be read any more, is made anew with the next decision."""
    try:
        told = json.loads(text or "null")
        return Verdict(str(told["head"]), str(told["source"]), str(told["policy"]), from_json(told["ruling"]))
    except (ValueError, LookupError, TypeError):
        return None


async def _queue(store: Pages, repo: Repo, base_ref: str) -> MergeQueue:
    told = _shown(await store.document(f"queue:{repo.id}:{base_ref}"))
    members = [
        Member(
            number=int(each["number"]),
            head=str(each["head"]),
            since=float(each["since"]),
            aboard=bool(each["aboard"]),
            priority=int(each.get("priority", 0)),
            pull=await store.pull(repo.id, int(each["number"])),
        )
        for each in told.get("members", ())[:QUEUED_SHOWN]
    ]
    doing, branch, commit = (str(told.get(name, "")) for name in ("doing", "branch", "commit"))
    return MergeQueue(repo, base_ref, doing, branch, commit, float(told.get("since", 0.0)), tuple(members))


def _shown(text: str | None) -> Mapping[str, Any]:
    """The picture that is kept beside a queue's state."""
    shown = json.loads(text or "{}").get("shown")
    return shown if isinstance(shown, Mapping) else {}
