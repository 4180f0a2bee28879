"""The policy in force for pull requests into one base branch, as typed values. Made by `limits.effective` from what the
operator allows and what `.forgehand/config.yml` says; obeyed by the workers."""

from dataclasses import dataclass, field
from enum import StrEnum

from forgehand.domain.effects.merge import MergeMethod
from forgehand.domain.findings import SECRETS, Finding, Severity
from forgehand.domain.policy.globs import any_matches, is_like
from forgehand.domain.policy.rules import Condition, Rule


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What is told of the static review, and which of it blocks. `mute` are wildcards over rule names."""

    max_findings: int = 25
    blocking: Severity = Severity.MAJOR
    ignore: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()

    def tells(self, finding: Finding) -> bool:
        """Whether a finding is told at all. Secrets always are, and what is muted is advice only."""
        if finding.tool == SECRETS:
            return True
        if any_matches(self.ignore, finding.path):
            return False
        advice = finding.severity is Severity.MINOR
        return not (advice and any(is_like(wildcard, finding.rule) for wildcard in self.mute))

    def blocks(self, finding: Finding) -> bool:
        return finding.severity is Severity.MAJOR or self.blocking is Severity.MINOR


class Flaky(StrEnum):
    """What becomes of a run in which a test failed and then passed on the same commit."""

    PASSES = "pass"
    FAILS = "fail"


@dataclass(frozen=True, slots=True)
class TestPolicy:
    """How the tests of a repository are run. An empty `command` is detected. `junit` and `coverage` are globs of the
    reports that it writes. `flaky_reruns`: how often failed tests are run again to learn whether they are `flaky`."""

    enabled: bool = True
    command: str = ""
    setup: str = ""
    timeout_minutes: int = 30
    memory_mb: int = 2048
    network: bool = False
    junit: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ()
    flaky_reruns: int = 1
    flaky: Flaky = Flaky.PASSES
    min_diff_coverage: int | None = None
    """Percent of the changed lines that tests must cover; None asks for nothing."""
    measure_base: bool | None = None
    """Whether pushes to base branches are tested, for the coverage that pull requests are compared with; None: where
    tests are configured and gave coverage."""


class Goes(StrEnum):
    """Where in the merge queue: before all others, as it came, or after all others."""

    FIRST = "first"
    NORMAL = "normal"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Priority:
    """Where pull requests stand in the merge queue for which `when` holds."""

    when: Condition
    goes: Goes


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """The merge queue: how many pull requests are tested together, how long their checks may take, and how long to wait
    for the first of them where nothing says that any will come. The first of `priority` that applies counts."""

    enabled: bool = False
    most: int = 5
    timeout_minutes: int = 60
    wait_for_checks_minutes: int = 60
    priority: tuple[Priority, ...] = ()


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """What is asked before a merge, and how it is made. `protected_paths` are never merged without a person who does
    it; `hold_labels` hold back whoever wants to merge. None asks for nothing."""

    auto: bool = False
    method: MergeMethod = MergeMethod.SQUASH
    delete_branch: bool = False
    update_branch: bool = False
    require_tests: bool = True
    approvals: int = 0
    protected_paths: tuple[str, ...] = ()
    hold_labels: tuple[str, ...] = ()
    require_labels: tuple[str, ...] = ()
    max_files: int | None = None
    max_lines: int | None = None
    queue: QueuePolicy = field(default=QueuePolicy())


@dataclass(frozen=True, slots=True)
class RepositoryPolicy:
    review: ReviewPolicy = field(default=ReviewPolicy())
    tests: TestPolicy = field(default=TestPolicy())
    merge: MergePolicy = field(default=MergePolicy())
    rules: tuple[Rule, ...] = ()
