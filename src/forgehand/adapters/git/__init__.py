"""Git by its command line, on bare repositories of our own: nothing is ever checked out."""

from forgehand.adapters.git.checkouts import GitCheckouts
from forgehand.adapters.git.comparisons import GitComparisons

__all__ = ["GitCheckouts", "GitComparisons"]
