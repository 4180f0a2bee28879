"""What a run of a test suite gave, as values, and what follows from two runs of it. Pure: rules judge these.

Made by `suite_runs` from what came out of the sandbox, so every name and number in it is a stranger's claim.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from forgehand.ports.sandbox import Stopped


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `line` counts from 1; 0 where no place is known. `path` is one of the tree's files, or empty."""

    name: str
    outcome: Outcome
    message: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Lines of the tree's files that tests reached, and those that they did not."""

    covered: Mapping[str, frozenset[int]] = field(default_factory=dict)
    missed: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def percent(self) -> float | None:
        return share(sum(map(len, self.covered.values())), sum(map(len, self.missed.values())))


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, and why that. `reports` are patterns of files in the tree. It needs `program`, by its name for
    people, which is there where the shell line `needs` succeeds. `always_reports`: it writes a report whenever it comes
    to its end, so that without one it did not."""

    line: str
    why: str
    reports: tuple[str, ...] = ()
    program: str = ""
    needs: str = "true"
    always_reports: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run. `told` says whether a report was read at all; `problems` are reports that could not be, and `unread`
    those of them that may tell of tests."""

    code: int
    seconds: float
    output: str = ""
    stopped: Stopped | None = None
    cases: tuple[Case, ...] = ()
    told: bool = False
    problems: tuple[str, ...] = ()
    coverage: Coverage | None = None
    unread: tuple[str, ...] = ()

    def having(self, outcome: Outcome) -> tuple[Case, ...]:
        return tuple(case for case in self.cases if case.outcome is outcome)


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """`setup` is None where there was none. `attempts`: the first and, where something failed, the others; none when
    the setup failed."""

    command: Command
    setup: Attempt | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def flaky(self) -> tuple[Case, ...]:
        """Tests that failed in one attempt and passed in another, as they failed."""
        passed = {case.name for attempt in self.attempts for case in attempt.having(Outcome.PASSED)}
        failed = {case.name: case for attempt in self.attempts for case in attempt.having(Outcome.FAILED)}
        return tuple(case for name, case in failed.items() if name in passed)

    @property
    def failures(self) -> tuple[Case, ...]:
        """Tests that never passed, in the order of the first attempt."""
        flaky = {case.name for case in self.flaky}
        failed = {case.name: case for attempt in reversed(self.attempts) for case in attempt.having(Outcome.FAILED)}
        return tuple(case for name, case in failed.items() if name not in flaky)

    @property
    def decisive(self) -> Attempt:
        """The attempt whose end counts: the last."""
        return self.attempts[-1]


@dataclass(frozen=True, slots=True)
class Changed:
    """How tests reach the lines that a change adds: `missed` are those they do not, by path. Of files in `unknown` that
    the coverage tells of, and of as many more as `unlisted` says, nobody knows which lines the change adds."""

    covered: int
    missed: Mapping[str, tuple[int, ...]]
    unknown: tuple[str, ...] = ()
    unlisted: int = 0

    @property
    def percent(self) -> float | None:
        return share(self.covered, sum(map(len, self.missed.values())))


def changed_lines(coverage: Coverage, added: Mapping[str, Container[int] | None]) -> Changed:
    """Only lines that the coverage knows: comments and other files count for nothing. `added` is None of a file where
    it is not known."""
    known = {path: lines for path, lines in added.items() if lines is not None}
    covered = sum(line in lines for path, lines in known.items() for line in coverage.covered.get(path, ()))
    missed = {
        path: tuple(sorted(line for line in coverage.missed.get(path, ()) if line in lines))
        for path, lines in known.items()
    }
    reached = (path for path in added if coverage.covered.get(path) or coverage.missed.get(path))
    unknown = tuple(sorted(path for path in reached if path not in known))
    return Changed(covered, {path: lines for path, lines in missed.items() if lines}, unknown)


def share(part: int, rest: int) -> float | None:
    """Percent with two decimals; None of nothing."""
    return round(100 * part / (part + rest), 2) if part + rest else None
