"""What came of test runs, from the numbers that were written with them. Called by `forgehand test --status`."""

from dataclasses import dataclass

from forgehand.engine.queries.lists import tally_of
from forgehand.engine.queries.windows import Numbers


@dataclass(frozen=True, slots=True)
class HeadsTested:
    """Each head once, by its first verdict: of one repository, or of all. `pass_rate` is in percent of what was tested,
    0.0 when nothing was."""

    prs_tested: int
    prs_passed: int
    prs_failed: int
    pass_rate: float
    flaky_tests: int
    last_checked: float | None


async def heads_tested(store: Numbers, name: str) -> HeadsTested:
    """Of the repository of this name, or of all where none is named."""
    tally = await tally_of(store, name)
    judged, passed = tally.count("tests.judged"), tally.count("tests.passed")
    return HeadsTested(
        prs_tested=judged,
        prs_passed=passed,
        prs_failed=tally.count("tests.failed"),
        pass_rate=round(100 * passed / judged, 2) if judged else 0.0,
        flaky_tests=tally.count("test.flaky"),
        last_checked=tally.last_at("job.testing"),
    )
