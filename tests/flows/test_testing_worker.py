"""Tests of pull requests, whole: practice GitHub, the product's processes, git, the sandbox, a real pytest inside."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forgehand.assembly.build import opened as app_opened
from forgehand.assembly.pull_tests import run_pull
from forgehand.assembly.rounds import rounds
from forgehand.domain.jobs import Job
from forgehand.ports.store import Unclaimed
from support.command import forgehand, variables
from support.openapi import assert_conforms
from support.product import REPO, Product, decided, passed, product, stored, until
from support.tools import python_with_pytest

CART = "def total(prices):\n    return sum(prices)\n"
DISCOUNT = f"""{CART}

def discount(prices, rate):
    if rate > 1:
        raise ValueError(rate)
    return total(prices) * rate
"""
TESTS = "from cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
FAILING = TESTS + "\n\ndef test_wrong():\n    expected = 4\n    assert total([1, 2]) == expected\n"
PASSING = TESTS + "\n\ndef test_discount():\n    from cart import discount\n\n    assert discount([2], 0.5) == 1\n"

pytestmark = pytest.mark.needs("bwrap")


@pytest.fixture(scope="module")
def tools() -> Iterator[Path]:
    with python_with_pytest() as folder:
        yield folder


def opened(run: Product, files: dict[str, str]) -> Any:
    run.forge.commit(REPO, "change", files, "A change")
    return run.forge.open_pull(REPO, "change", title="A change")


def check_of(run: Product, sha: str) -> Any:
    """The check run of the tests, once it is there."""

    def there() -> Any:
        return next((check for check in run.forge.check_runs(REPO, sha) if check.name == "Forgehand tests"), None)

    return until(there, "the check run of the tests")


def test_a_failing_test_is_annotated_on_its_line(tmp_path: Path, tools: Path) -> None:
    with product(tmp_path, sandbox="bwrap", sandbox_readable=str(tools)) as run:
        pull = opened(run, {"cart.py": CART, "test_cart.py": FAILING})
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "failure"
        assert check.title == "1 failed, 1 passed"
        (annotation,) = check.annotations
        assert (annotation.path, annotation.start_line) == ("test_cart.py", 10)
        assert "assert 3 == 4" in annotation.message
        assert_conforms(run.forge.calls)


def test_a_change_that_ends_pytest_before_its_tests_did_not_pass(tmp_path: Path, tools: Path) -> None:
    with product(tmp_path, sandbox="bwrap", sandbox_readable=str(tools)) as run:
        pull = opened(run, {"test_cart.py": FAILING, "conftest.py": "import os\n\nos._exit(0)\n"})
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "failure"
        assert "pytest wrote no report, although it ended with code 0" in check.title


def test_passing_tests_say_how_much_of_the_change_they_reach(tmp_path: Path, tools: Path) -> None:
    with product(tmp_path, sandbox="bwrap", sandbox_readable=str(tools)) as run:
        run.forge.commit(REPO, "main", {"cart.py": CART, "test_cart.py": TESTS}, "The cart")
        pull = opened(run, {"cart.py": DISCOUNT, "test_cart.py": PASSING})
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "success", check.summary
        assert check.title == "2 passed"
        # Of the lines added, only the `raise` is not reached.
        assert "of the changed lines" in check.summary
        assert "`cart.py`: 7" in check.summary


def test_a_pull_request_can_be_tested_from_the_command_line(tmp_path: Path, tools: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap", sandbox_readable=str(tools)) as run:
        pull = opened(run, {"cart.py": CART, "test_cart.py": FAILING})
        run.forge.faults.add("error_before", route="/repos/{owner}/{repo}/check-runs", method="POST")

        async def tests() -> Job | Unclaimed:
            async with app_opened(run.settings) as app:
                return await run_pull(app, REPO, pull.number)

        job = asyncio.run(tests())
        assert isinstance(job, Job)
        assert (job.result or {})["conclusion"] == "failure"
        assert check_of(run, pull.head_sha).title == "1 failed, 1 passed"


def test_a_person_who_may_write_has_the_tests_run_once_more_and_sees_the_new_result(tmp_path: Path) -> None:
    clock = "tests:\n  command: date +%s.%N; exit 1\n  flaky_reruns: 0\n"
    with product(tmp_path, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": clock}, "Tell the time")
        pull = opened(run, {"NOTES.md": "Open on Sundays.\n"})
        first = check_of(run, pull.head_sha)
        assert (first.conclusion, "code 1" in first.title) == ("failure", True)
        comment = run.forge.comment(REPO, pull.number, "dev", "/forgehand retest")
        until(lambda: "+1" in [each.content for each in run.forge.reactions(comment)], "the answer")
        until(lambda: check_of(run, pull.head_sha).summary != first.summary, "the second result")
        again = [check for check in run.forge.check_runs(REPO, pull.head_sha) if check.name == "Forgehand tests"]
        assert [check.id for check in again] == [first.id]

        def told() -> str:
            return "\n".join(each.body for each in run.forge.comments(REPO, pull.number)).replace("\\", "")

        until(lambda: f"The tests of `{pull.head_sha[:7]}` are run once more" in told(), "the answer in words")


def test_what_passed_by_the_rules_of_another_base_is_judged_by_those_of_the_new_one(tmp_path: Path) -> None:
    rules = "tests:\n  command: exit 1\n  flaky_reruns: 0\nbranches:\n  dev:\n    tests: {command: exit 0}\n"
    with product(tmp_path, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": rules}, "Be strict on main")
        run.forge.commit(REPO, "dev", {"DEV.md": "Anything goes.\n"}, "Begin to develop")
        run.forge.commit(REPO, "change", {"NOTES.md": "Open on Sundays.\n"}, "A change")
        pull = run.forge.open_pull(REPO, "change", base="dev", title="A change")
        assert check_of(run, pull.head_sha).conclusion == "success"
        until(lambda: _concluded(run, pull) == "success", "the decision for dev")
        run.forge.edit_pull(REPO, pull.number, base="main")
        until(lambda: check_of(run, pull.head_sha).conclusion == "failure", "the tests for main")
        until(lambda: _concluded(run, pull) == "failure", "the decision for main")


def _concluded(run: Product, pull: Any) -> str | None:
    check = decided(run.forge, pull.head_sha)
    return check.conclusion if check else None


@pytest.mark.anyio
async def test_tests_that_are_switched_off_are_looked_at_again_once_they_are_switched_on(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sandbox="bwrap") as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": "tests:\n  enabled: false\n"}, "Test nothing")
        pull = opened(run, {"NOTES.md": "Open on Sundays.\n"})
        async with app_opened(run.settings) as app, rounds(app, REPO, lambda number: None) as ours:

            async def looks() -> int:
                """How often the pull request was to be tested, once it was looked for again."""
                await ours.look()
                ran = [(job.worker, job.subject) for job in await app.store.jobs(50)]
                return ran.count(("testing", f"pull/{pull.number}"))

            assert [await looks(), await looks()] == [1, 1]
            run.forge.commit(REPO, "main", {".forgehand/config.yml": "tests:\n  command: exit 0\n"}, "Test")
            assert await looks() == 2
        assert check_of(run, pull.head_sha).conclusion == "success"


def test_a_run_that_ends_without_a_word_is_told_with_the_reason_and_a_remedy(tmp_path: Path) -> None:
    with product(tmp_path, sandbox="bwrap", heartbeat_seconds=0.5) as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": "tests:\n  command: sleep 600\n"}, "Take long")
        pull = opened(run, {"NOTES.md": "Open on Sundays.\n"})
        job = until(lambda: _running(run, f"pull/{pull.number}"), "a test run")
        assert forgehand(run.folder, "jobs", "cancel", job.id, env=variables(run.settings)).code == 0
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "action_required"
        assert "the test run was cancelled" in check.title
        assert f"`/forgehand retest` or `forgehand jobs retry {job.id}`" in check.summary.replace("\\", "")
        assert until(lambda: decided(run.forge, pull.head_sha), "the decision").conclusion == "failure"


def _running(run: Product, subject: str) -> Job | None:
    jobs = stored(run, lambda store: store.jobs(100))
    return next((job for job in jobs if (job.type, job.subject) == ("testing", subject) and job.state.held), None)


def test_what_was_found_out_only_and_is_not_there_holds_nobody_up(tmp_path: Path) -> None:
    with product(tmp_path, sandbox="bwrap") as run:
        pull = opened(run, {"go.mod": "module shop\n"})
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "neutral"
        assert "there is go.mod, but the sandbox has no go" in check.title
        passed(run.forge, pull.head_sha)
        assert until(lambda: decided(run.forge, pull.head_sha), "the decision").conclusion == "success"


def test_a_push_to_a_base_branch_is_measured_and_the_next_change_compared_with_it(tmp_path: Path, tools: Path) -> None:
    config = {".forgehand/config.yml": "tests:\n  coverage: [coverage.json]\n"}
    with product(tmp_path, sandbox="bwrap", sandbox_readable=str(tools)) as run:
        run.forge.commit(REPO, "main", {"cart.py": CART, "test_cart.py": TESTS, **config}, "The cart")
        run.forge.commit(REPO, "first", {"NOTES.md": "Open on Sundays.\n"}, "Notes")
        run.forge.open_pull(REPO, "first", title="Notes")
        until(lambda: _tested(run), "the first test run")
        tip = run.forge.commit(REPO, "main", {"README.md": "# Shop\n\nOpen.\n"}, "Say that it is open")
        assert check_of(run, tip).conclusion == "success"
        pull = opened(run, {"cart.py": DISCOUNT, "test_cart.py": PASSING})
        assert "against the base" in check_of(run, pull.head_sha).summary


def _tested(run: Product) -> list[Job]:
    """The jobs that tested something, once they are settled."""
    jobs = stored(run, lambda store: store.jobs(100))
    return [job for job in jobs if job.type == "testing" and (job.result or {}).get("conclusion")]


def test_code_of_a_fork_does_not_run_without_a_strong_sandbox(tmp_path: Path, tools: Path) -> None:
    with product(tmp_path, sandbox="userns", sandbox_readable=str(tools)) as run:
        run.forge.create_user("stranger")
        run.forge.fork(REPO, "stranger")
        sha = run.forge.commit("stranger/shop", "change", {"test_x.py": "def test_x():\n    assert True\n"}, "Mine")
        run.forge.open_pull(REPO, "stranger:change", title="Mine")
        check = check_of(run, sha)
        assert check.conclusion == "action_required"
        assert "fork" in check.title


def test_without_any_sandbox_nothing_runs_and_that_is_said(tmp_path: Path) -> None:
    with product(tmp_path, sandbox="none") as run:
        pull = opened(run, {"test_x.py": "def test_x():\n    assert True\n"})
        check = check_of(run, pull.head_sha)
        assert check.conclusion == "action_required"
        assert "no sandbox" in check.title
