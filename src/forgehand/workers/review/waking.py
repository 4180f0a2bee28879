"""Which pull requests an event is about that names none: a status or check of a commit, a push to a branch. Called by
`decide_worker`.
"""

from forgehand.crafts.subjects import repo_of
from forgehand.domain.followups import look_again
from forgehand.domain.jobs import Done, Job
from forgehand.ports.github import PullsAbout

MOST_WOKEN = 50
"""So many at once; those beyond are judged again when anything else wakes them, and always before they are merged."""
APART = 0.2
"""Seconds between two that a push to their base wakes: each costs a dozen requests."""


async def woken(job: Job, about: PullsAbout, now: float) -> Done | None:
    """The decisions to be looked at again, where the job is about a commit or branch; else None."""
    kind, _, name = job.subject.partition("/")
    match kind:
        case "commit" if name:
            pulls = await about.at(repo_of(job), name)
        case "branch" if name:
            pulls = await about.into(repo_of(job), name)
        case _:
            return None
    numbers = [pull.number for pull in pulls[:MOST_WOKEN]]
    because = str(job.payload.get("event", kind))
    jobs = [look_again(job, number, now + at * APART, because=because) for at, number in enumerate(numbers)]
    return Done({"pulls": numbers}, jobs=tuple(jobs))
