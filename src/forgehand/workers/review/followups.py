"""The jobs that follow from a decision: landing, queueing, and another look later. Made here, so that every worker of
this folder makes them alike. Pure.

Whatever merges into one base branch shares a key, so that such jobs run one at a time.
"""

from dataclasses import replace

from forgehand.domain.followups import follow_up, look_again
from forgehand.domain.jobs import Job, job_id
from forgehand.ports.github import PullRequest
from forgehand.workers.review.rules.queue import Entry, Queue, stands

LAND = "land"
QUEUE = "queue"
MOST_LOOKS = 8
"""How often a decision that waits is looked at again by itself; after that the poll does it."""
LONGEST = 600.0
MOVED = "the queue moved"
"""Why a step of the queue has a pull request decided about: its own next step is asked for already."""
STILL, REVIVED_EVERY = 60.0, 600.0
"""Seconds after which a queue that stands where it stood is made to go on, and within which that happens once."""


def land(job: Job, pull: PullRequest, now: float) -> Job:
    """Merge this head, or bring its branch up to date; everything is judged again then."""
    return _merging(job, LAND, f"pull/{pull.number}", pull.base_ref, now, revision=pull.head_sha)


def join(job: Job, base_ref: str, entry: Entry, now: float) -> Job:
    """Take a pull request into the merge queue of its base."""
    given = {"number": entry.number, "head": entry.head, "priority": entry.priority, "since": entry.since}
    return _merging(job, QUEUE, f"branch/{base_ref}", base_ref, now, payload={"join": given})


def leave(job: Job, base_ref: str, number: int, now: float) -> Job:
    """Take it out of the queue again."""
    return _merging(job, QUEUE, f"branch/{base_ref}", base_ref, now, payload={"leave": number})


def go_on(job: Job, base_ref: str, now: float, *, after: float = 0.0, waited: int = 0) -> Job:
    """The queue's next step. All of one queue share a lane, so that there is one of them, however many joined."""
    subject = f"branch/{base_ref}"
    made = _merging(job, QUEUE, subject, base_ref, now + after, payload={"step": True, "waited": waited})
    return replace(made, lane=f"{QUEUE}:{job.repository_id}:{subject}")


def revive(job: Job, base_ref: str, queue: Queue, now: float) -> Job:
    """Have the queue go on, should its step have ended without a next one. It does so between two steps, and only where
    the queue still stands where it stands now; many decisions give one such job."""
    place = stands(queue)
    made = _merging(job, QUEUE, f"branch/{base_ref}", base_ref, now + STILL, payload={"revive": place})
    return replace(made, id=job_id("revive", job.repository_id, base_ref, place, int(now // REVIVED_EVERY)))


def look_later(job: Job, number: int, now: float, *, first: float) -> Job | None:
    """Another look, each twice as late as the one before: `first` seconds at first. None once it was looked at often
    enough."""
    looks = int(job.payload.get("looks", 0))
    if looks >= MOST_LOOKS:
        return None
    again = look_again(job, number, now, because="looked at again")
    return replace(again, run_at=now + min(LONGEST, first * 2**looks), payload={**again.payload, "looks": looks + 1})


def _merging(
    job: Job,
    kind: str,
    subject: str,
    base_ref: str,
    run_at: float,
    *,
    revision: str = "",
    payload: dict[str, object] | None = None,
) -> Job:
    named = job_id(kind, job.id, job.fence, subject, str(payload), near=job.id)
    return replace(
        follow_up(job, kind, named, subject, run_at),
        payload={"base": base_ref, **(payload or {})},
        key=f"merge:{job.repository_id}:{base_ref}",
        revision=revision,
        max_attempts=12,
    )
