"""What is wrong with a policy file, where, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` and `column` count from 1. `message` is a sentence without its full stop, `fix` what to do."""

    file: str
    line: int
    column: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}: {self.fix}"

    @property
    def sentence(self) -> str:
        """All of it, ended as a sentence is: a fix that asks keeps its question mark."""
        return str(self) if self.fix.endswith("?") else f"{self}."


class PolicyError(Exception):
    """A policy file cannot be used; it has at least one problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
