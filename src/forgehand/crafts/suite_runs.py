"""Running a test suite in the sandbox: setup, the command, and once more what failed. Used by the testing worker.

Each attempt starts from the same archive in a sandbox of its own, so that no attempt can spoil the next.
"""

import asyncio
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from forgehand.crafts.coverage_reports import joined, read_coverage
from forgehand.crafts.junit import Unreadable, read_junit
from forgehand.crafts.suites import Attempt, Case, Command, Coverage, SuiteRun
from forgehand.ports.sandbox import Bounds, Ran, Sandbox, Task

_COVERAGE_NAMES = ("coverage.json", "coverage.xml", "cobertura.xml", "lcov.info")
_MOST_CASES = 100_000


@dataclass(frozen=True, slots=True)
class SuiteRequest:
    """What to run on the tree in `archive`, whose files are `paths`. `seconds` is for all of it together. `junit` and
    `coverage` are patterns of reports in the tree."""

    archive: Path
    paths: Collection[str]
    command: Command
    setup: str = ""
    seconds: float = 1800.0
    memory: int = 2 * 1024**3
    network: bool = False
    junit: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ()
    reruns: int = 1
    env: Mapping[str, str] = field(default_factory=dict)


async def run_suite(sandbox: Sandbox, request: SuiteRequest) -> SuiteRun:
    """Raises SandboxFailed where nothing could be run."""
    with tempfile.TemporaryDirectory(prefix="forgehand-suite-") as folder:
        left = request.seconds
        archive, setup = request.archive, None
        if request.setup:
            archive = Path(folder, "set-up.tar")
            ran = await sandbox.run(_task(request, request.setup, request.archive, left, keep=archive))
            setup = _attempt(ran)
            left -= ran.seconds
            if ran.code != 0:
                return SuiteRun(request.command, setup)
        attempts: list[Attempt] = []
        while len(attempts) <= request.reruns and (not attempts or _worth_another(attempts[-1], left)):
            ran = await sandbox.run(_task(request, request.command.line, archive, left))
            attempts.append(await asyncio.to_thread(_read, ran, request))
            left -= ran.seconds
        return SuiteRun(request.command, setup, tuple(attempts))


def _worth_another(attempt: Attempt, left: float) -> bool:
    """Only what failed by itself: what was stopped would be stopped again, and must find the time."""
    return attempt.code != 0 and attempt.stopped is None and left > attempt.seconds


def _task(request: SuiteRequest, line: str, archive: Path, seconds: float, keep: Path | None = None) -> Task:
    patterns = (*request.command.reports, *request.junit, *request.coverage)
    return Task(
        line,
        archive,
        env=request.env,
        network=request.network,
        collect=tuple(pattern.replace("**", "*") for pattern in patterns),
        keep=keep,
        bounds=Bounds(seconds=max(1.0, seconds), memory=request.memory),
    )


def _attempt(ran: Ran) -> Attempt:
    return Attempt(ran.code, ran.seconds, ran.output.decode("utf-8", "replace"), ran.stopped)


def _read(ran: Ran, request: SuiteRequest) -> Attempt:
    cases: list[Case] = []
    coverages: list[Coverage] = []
    unread = [ran.lost] if ran.lost and ran.stopped is None else []
    problems = list(unread)
    told = False
    for name, content in sorted(ran.files.items()):
        shown = name.partition("/")[2]
        try:
            if _is_coverage(shown, request):
                coverages.append(read_coverage(content, request.paths, ran.tree))
            elif shown.endswith(".xml"):
                cases += read_junit(content, request.paths, ran.tree)
                told = True
        except Unreadable as error:
            problems.append(f"{shown}: {error}")
            if not _is_coverage(shown, request):
                unread.append(problems[-1])
    base = _attempt(ran)
    return Attempt(
        base.code,
        base.seconds,
        base.output,
        base.stopped,
        tuple(_unique(cases)),
        told,
        tuple(problems),
        joined(coverages),
        tuple(unread),
    )


def _is_coverage(name: str, request: SuiteRequest) -> bool:
    return name.rpartition("/")[2] in _COVERAGE_NAMES or any(fnmatchcase(name, each) for each in request.coverage)


def _unique(cases: list[Case]) -> Iterator[Case]:
    """Names made unique, so that two runs can be compared: parametrized tests of some tools share one."""
    seen: dict[str, int] = {}
    for case in cases[:_MOST_CASES]:
        count = seen[case.name] = seen.get(case.name, 0) + 1
        yield case if count == 1 else Case(f"{case.name} #{count}", case.outcome, case.message, case.path, case.line)
