"""Which repository and pull request a job is about. Called by workers."""

from forgehand.domain.jobs import Job
from forgehand.domain.repositories import Repo


def repo_of(job: Job) -> Repo:
    return Repo(job.tenant, job.repository_id, job.repository)


def number_of(job: Job) -> int | None:
    """The number of `pull/7`; None where the job is about something else."""
    kind, _, number = job.subject.partition("/")
    return int(number) if kind == "pull" and number.isascii() and number.isdigit() else None
