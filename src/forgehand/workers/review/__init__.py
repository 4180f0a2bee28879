"""Review and merge, in four workers: `review` analyses a head, `decide` judges and says, `land` and `queue` merge."""

from forgehand.domain.followups import DECIDE
from forgehand.domain.modes import APPLY
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.review.decide_worker import DecideWorker
from forgehand.workers.review.explaining import Explained, explained
from forgehand.workers.review.followups import LAND, QUEUE
from forgehand.workers.review.land_worker import LandWorker
from forgehand.workers.review.queue_worker import QueueWorker
from forgehand.workers.review.reading import Sources
from forgehand.workers.review.review_worker import ReviewWorker

__all__ = [
    "DECIDE_SPEC",
    "LAND_SPEC",
    "QUEUE_SPEC",
    "REVIEW_SPEC",
    "DecideWorker",
    "Explained",
    "LandWorker",
    "QueueWorker",
    "ReviewWorker",
    "Sources",
    "explained",
]

REVIEW_SPEC = WorkerSpec(
    id="review",
    type=ReviewWorker.type,
    triggers=(
        Trigger(
            "pull_request",
            actions=("opened", "reopened", "synchronize", "ready_for_review", "edited"),
            draft=False,
        ),
    ),
    grant=APPLY,
    max_duration=900.0,
    costly=True,
)
"""On every open pull request that is no draft; `edited` may have given it another base. Where the operator allows no
more it only comments."""

DECIDE_SPEC = WorkerSpec(
    id=DECIDE,
    type=DecideWorker.type,
    triggers=(
        Trigger("pull_request"),
        Trigger("pull_request_review"),
        Trigger("pull_request_review_thread"),
        Trigger("check_run", actions=("completed", "rerequested")),
        Trigger("check_suite", actions=("completed", "rerequested")),
        Trigger("status"),
        Trigger("push"),
    ),
)
"""By everything that can change a decision, and by the jobs of those who learn something."""

LAND_SPEC = WorkerSpec(id=LAND, type=LandWorker.type, triggers=(), grant=APPLY)
QUEUE_SPEC = WorkerSpec(id=QUEUE, type=QueueWorker.type, triggers=(), grant=APPLY)
"""Asked for by decisions alone."""
