"""What rules about a change as a whole may know of it. Read by `own`, judged by the rules."""

from dataclasses import dataclass

CHANGE_NAME = "change"
"""The analyser's name, which each finding of a rule on a change carries."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """`status` is as in `ports.git.FileDiff`. `first` is the first line that the change added, and 1 where it added
    none. The tests are those of a test file, each name as often as it is defined; none where a side is not at hand."""

    path: str
    status: str
    previous_path: str | None = None
    added: int = 0
    first: int = 1
    tests_before: tuple[str, ...] = ()
    tests_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    files: tuple[ChangedFile, ...]
