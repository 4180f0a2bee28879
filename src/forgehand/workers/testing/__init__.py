"""The testing worker: a repository's own tests, run in the sandbox, said as one check run."""

from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.testing.rules import Facts, Verdict, judge
from forgehand.workers.testing.text import plain, result
from forgehand.workers.testing.worker import Marks, TestingWorker

__all__ = ["SPEC", "Facts", "Marks", "TestingWorker", "Verdict", "judge", "plain", "result"]

SPEC = WorkerSpec(
    id="testing",
    type=TestingWorker.type,
    triggers=(
        Trigger("pull_request", actions=("opened", "reopened", "synchronize", "ready_for_review"), draft=False),
        Trigger("pull_request", actions=("edited",), draft=False, rebased=True),
        Trigger("push"),
    ),
    max_duration=2 * 3600.0,
    costly=True,
)
"""Comment-only, on every open pull request that is no draft, once more where it gets another base, and on pushes to
base branches whose coverage is asked for. The policy's own time is shorter, and ends the tests."""
