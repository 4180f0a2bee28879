"""Runs of a suite: setup first, once more what failed, and what two runs together say. The sandbox is scripted."""

from dataclasses import replace
from pathlib import Path

import pytest

from forgehand.crafts.suite_runs import SuiteRequest, run_suite
from forgehand.crafts.suites import Command
from forgehand.ports.sandbox import Ran, Stopped, Strength, Task, Tier

pytestmark = pytest.mark.anyio

REQUEST = SuiteRequest(Path("/tree.tar"), {"test_a.py"}, Command("make test", "it is configured"), seconds=100)


class ScriptedSandbox:
    def __init__(self, *runs: Ran) -> None:
        self.runs = list(runs)
        self.tasks: list[Task] = []

    async def strength(self) -> Strength:
        return Strength(Tier.BWRAP, "scripted")

    async def run(self, task: Task) -> Ran:
        self.tasks.append(task)
        return self.runs.pop(0)


def ran(code: int, **outcomes: bool) -> Ran:
    cases = "".join(f'<testcase name="{n}">{"" if ok else "<failure/>"}</testcase>' for n, ok in outcomes.items())
    return Ran(code, b"", 1.0, files={"reports/junit.xml": f"<testsuite>{cases}</testsuite>".encode()})


async def test_what_passes_runs_once() -> None:
    sandbox = ScriptedSandbox(ran(0, a=True))
    run = await run_suite(sandbox, REQUEST)
    assert (len(run.attempts), run.failures, run.flaky) == (1, (), ())


async def test_a_test_that_fails_and_then_passes_is_flaky_and_no_failure() -> None:
    run = await run_suite(ScriptedSandbox(ran(1, a=True, b=False), ran(0, a=True, b=True)), REQUEST)
    assert [case.name for case in run.flaky] == ["b"]
    assert run.failures == ()
    assert run.decisive.code == 0


async def test_a_real_failure_beside_a_flaky_one_stays_a_failure() -> None:
    run = await run_suite(ScriptedSandbox(ran(1, a=False, b=False), ran(1, a=False, b=True)), REQUEST)
    assert [case.name for case in run.failures] == ["a"]
    assert [case.name for case in run.flaky] == ["b"]
    assert run.decisive.code == 1


async def test_what_was_stopped_is_not_tried_again() -> None:
    run = await run_suite(ScriptedSandbox(replace(ran(137), stopped=Stopped.TIME)), REQUEST)
    assert len(run.attempts) == 1


async def test_what_took_most_of_the_time_is_not_tried_again() -> None:
    run = await run_suite(ScriptedSandbox(replace(ran(1, a=False), seconds=60.0)), REQUEST)
    assert len(run.attempts) == 1


async def test_every_attempt_starts_from_what_the_setup_left() -> None:
    sandbox = ScriptedSandbox(Ran(0, b"", 2.0), ran(1, a=False), ran(0, a=True))
    await run_suite(sandbox, replace(REQUEST, setup="make deps"))
    setup, first, second = sandbox.tasks
    assert (setup.command, setup.tree) == ("make deps", Path("/tree.tar"))
    assert first.tree == second.tree == setup.keep


async def test_a_setup_that_fails_ends_it() -> None:
    sandbox = ScriptedSandbox(Ran(2, b"no network", 2.0))
    run = await run_suite(sandbox, replace(REQUEST, setup="make deps"))
    assert (run.attempts, run.setup and run.setup.output) == ((), "no network")


async def test_reports_that_cannot_be_read_are_named_and_the_others_count() -> None:
    files = {
        "reports/coverage.xml": b"none",
        "tree/bad.xml": b"<!DOCTYPE x []><x/>",
        "reports/junit.xml": b"<testsuite><testcase name='a'/></testsuite>",
    }
    run = await run_suite(ScriptedSandbox(Ran(0, b"", 1.0, files=files)), REQUEST)
    assert [case.name for case in run.decisive.cases] == ["a"]
    assert [problem.partition(":")[0] for problem in run.decisive.problems] == ["coverage.xml", "bad.xml"]
    assert [problem.partition(":")[0] for problem in run.decisive.unread] == ["bad.xml"]


async def test_tests_that_share_a_name_are_told_apart() -> None:
    files = {"reports/j.xml": b"<s><testcase name='a'/><testcase name='a'><failure/></testcase></s>"}
    run = await run_suite(ScriptedSandbox(Ran(1, b"", 1.0, files=files), Ran(1, b"", 1.0, files=files)), REQUEST)
    assert [case.name for case in run.failures] == ["a #2"]
