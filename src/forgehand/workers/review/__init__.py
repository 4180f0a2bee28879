"""The review worker: analysers on both sides of a pull request, new findings on changed lines, said once."""

from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.review.worker import ReviewWorker

__all__ = ["SPEC", "ReviewWorker"]

SPEC = WorkerSpec(
    id="review",
    type=ReviewWorker.type,
    triggers=(Trigger("pull_request", actions=("opened", "reopened", "synchronize", "ready_for_review"), draft=False),),
    max_duration=900.0,
)
"""Comment-only, on every open pull request that is no draft."""
