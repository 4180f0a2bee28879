"""Jobs of ours that ended for good without a word, such as a test run whose process died each time: nobody else says
what they would have said, and a decision must not wait for it for ever. Pure; called by `reading` and `queue_worker`.
"""

from forgehand.domain.checks import CheckState
from forgehand.domain.jobs import Job, JobState
from forgehand.ports.checks import Check
from forgehand.ports.github import PullRequest
from forgehand.workers.review.rules.checks import OWN_TESTS
from forgehand.workers.review.rules.static import StaticReview

_HOW = {
    JobState.FAILED: "failed",
    JobState.REFUSED: "was refused",
    JobState.DEAD_LETTER: "was given up",
    JobState.CANCELLED: "was cancelled",
}


def gave_up(job: Job | None, head: str) -> Job | None:
    """The job, where it is one that was about this head and will say nothing of it any more."""
    return job if job is not None and job.state.gave_up and job.revision in ("", head) else None


def as_check(job: Job) -> Check:
    """A test run that gave up, as the check run that stands for it once it is made."""
    return Check(OWN_TESTS, 0, CheckState.FAILED, "action_required", ours=True, title=untested(job))


def as_review(job: Job, pull: PullRequest) -> StaticReview:
    """A review that gave up, as one that could not see anything."""
    why = _ended(job, "review", "/forgehand review")
    return StaticReview(pull.head_sha, pull.base_ref, (), not_compared=why)


def untested(job: Job) -> str:
    """Why there is no result of a test run, and what to do."""
    return "There is no result: " + _ended(job, "test run", "/forgehand retest")


def _ended(job: Job, what: str, command: str) -> str:
    why = f" ({job.why.rstrip('.')})" if job.why else ""
    asks = f"`{command}` or " if job.subject.startswith("pull/") else ""
    return f"the {what} {_HOW[job.state]}{why}. Run it again with {asks}`forgehand jobs retry {job.id}`."
