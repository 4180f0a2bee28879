"""What a check says of a commit, in the three words that matter. Read through `ports.checks`, judged by policy."""

from enum import StrEnum


class CheckState(StrEnum):
    PENDING = "pending"
    """Queued, waiting or running."""
    PASSED = "passed"
    """success, neutral or skipped: what GitHub's branch protection counts as passed."""
    FAILED = "failed"
