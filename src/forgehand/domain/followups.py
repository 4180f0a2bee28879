"""Work that follows from work: a worker that learned something about a pull request has its decision looked at again.

Workers never import each other, so what one asks of another is a job, made here. It rides in `Done.jobs` and is
committed with what was learned, or not at all. Pure.
"""

from dataclasses import replace

from forgehand.domain.jobs import Job, job_id
from forgehand.domain.routing import WorkerSpec

DECIDE = "decide"
"""The type, and the worker, of the jobs that judge a pull request as a whole and say what stands in its way."""
TESTING = "testing"
"""The type, and the worker, of the jobs that run a repository's tests."""
PROPOSAL = "dispatch-proposal"
"""The type, and the worker, of the jobs that tell a pull request what it would change of what is dispatched."""
DISPATCHING = ("dispatching.yml", ".github/dispatching.yml")
"""Where a repository says what it dispatches; the first that is there counts."""
TARGET = "dispatch-target"
"""The type, and the worker, of the jobs that start a workflow in another repository."""
GAVE_UP = "gave up"
"""What the payload of a job says, and why, that only tells what became of one that gave up."""
ANOTHER_BASE = "another base"
"""What woke a job that does once more what was done for another base branch."""
REVIEW = "review"
"""The type, and the worker, of the jobs that have analysers look at a head."""


def follow_up(job: Job, kind: str, named: str, subject: str, now: float) -> Job:
    """A job that `job` leaves behind, of the worker and type `kind`, in the same repository, by the id `named`: it
    belongs to the same delivery, and is tried as often."""
    return Job(
        id=named,
        type=kind,
        worker=kind,
        tenant=job.tenant,
        repository_id=job.repository_id,
        repository=job.repository,
        subject=subject,
        created_at=now,
        run_at=now,
        max_attempts=job.max_attempts,
        delivery=job.delivery,
        correlation=job.correlation,
    )


def look_again(job: Job, number: int, now: float, *, because: str) -> Job:
    """The job that decides about pull request `number` anew. It supersedes an unfinished one of its lane, which is
    light: what is heavy about a review or a test run has a job of its own. `because` is a word for pages."""
    named = job_id("look again", job.id, job.fence, number, near=job.id)
    made = follow_up(job, DECIDE, named, f"pull/{number}", now)
    return replace(made, payload={"event": because}, lane=lane(DECIDE, job.repository_id, number))


def after_failure(job: Job, now: float) -> tuple[Job, ...]:
    """Another look at the pull request whose review or test run ended for good without a word: its decision waits for
    what is not to come. Of a start elsewhere somebody has to tell that it is not to come, or may have."""
    kind, _, number = job.subject.partition("/")
    if job.state.gave_up and job.type == TARGET:
        return () if GAVE_UP in job.payload else (_tell_gave_up(job, now),)
    if not job.state.gave_up or job.type not in (REVIEW, TESTING) or kind != "pull" or not number.isdecimal():
        return ()
    return (look_again(job, int(number), now, because=f"{job.type} gave up"),)


def lane(worker: str, repository_id: int, number: int) -> str:
    """The lane of a worker's jobs about one pull request."""
    return f"{worker}:{repository_id}:pull/{number}"


def tell_failure(job: Job, failed: Job, head: str, why: str, now: float) -> Job:
    """The job that says in a check run that a test run of `head` ended without a result, once for each time it did."""
    named = job_id("tell failure", failed.id, failed.fence, near=job.id)
    made = follow_up(job, TESTING, named, failed.subject, now)
    # As if it had said so itself: what a later one said stands.
    said = {"event": "gave up", "failed": why}
    return replace(made, payload=said, revision=head, generation=failed.generation)


def ask_again(job: Job, worker: WorkerSpec, number: int, head: str, now: float) -> Job:
    """The job of another worker about pull request `number`, because a person asked for it by comment: it does once
    more what may have been done before, and supersedes an unfinished one of its lane."""
    made = follow_up(job, worker.id, job_id("ask again", job.id, worker.id, number, near=job.id), f"pull/{number}", now)
    return replace(
        made,
        type=worker.type,
        payload={"event": "command"},
        grant=worker.grant,
        lane=lane(worker.id, job.repository_id, number),
        revision=head,
        max_duration=worker.max_duration,
    )


def run_anew(job: Job, last: Job, number: int, head: str, base: str, now: float, *, because: str) -> Job:
    """The job that reviews or tests pull request `number` as `last` did, of which nothing counts: it was for another
    base, or is kept no more. Once after each."""
    named = job_id("run anew", last.id, last.fence, head, base)
    return replace(
        follow_up(job, last.worker, named, f"pull/{number}", now),
        payload={"event": because},
        grant=last.grant,
        lane=lane(last.worker, job.repository_id, number),
        revision=head,
        max_duration=last.max_duration,
        max_attempts=last.max_attempts,
    )


def test_commit(job: Job, sha: str, ref: str, now: float, *, base: str) -> Job:
    """The job that tests a commit that is no pull request's head, where nothing else does; `ref` points at it, and it
    is to land in `base`, whose policy counts. The same commit and base give the same job."""
    made = follow_up(job, TESTING, job_id("test", job.repository_id, sha, base), f"commit/{sha}", now)
    asked = {"event": "asked for", "ref": ref, "base": base}
    return replace(made, payload=asked, revision=sha, max_duration=7200.0)


def tell_proposal(job: Job, number: int, head: str, base: str, now: float) -> Job:
    """The job that tells pull request `number` what it would change of what is dispatched: once for each head and base,
    however often it is decided about."""
    named = job_id(PROPOSAL, job.repository_id, number, head, base)
    made = follow_up(job, PROPOSAL, named, f"pull/{number}", now)
    queued = lane(PROPOSAL, job.repository_id, number)
    return replace(made, payload={"event": "file changed"}, lane=queued, revision=head)


def _tell_gave_up(job: Job, now: float) -> Job:
    """It needs neither the turn nor the window of the one that gave up: it starts nothing."""
    made = follow_up(job, job.type, job_id(GAVE_UP, job.id, job.fence, near=job.id), job.subject, now)
    said = {**job.payload, GAVE_UP: job.why or f"it ended as {job.state}"}
    return replace(made, worker=job.worker, payload=said, revision=job.revision)
