"""Tests of pull requests, whole: practice GitHub, the product's processes, git, the sandbox, a real pytest inside."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forgehand.assembly.build import opened as app_opened
from forgehand.assembly.pull_tests import run_pull
from forgehand.domain.jobs import Job
from forgehand.ports.store import Unclaimed
from support.openapi import assert_conforms
from support.product import REPO, Product, product, until
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

    return until(there, "the check run of the tests", 90)


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

        async def tests() -> Job | Unclaimed:
            async with app_opened(run.settings) as app:
                return await run_pull(app, REPO, pull.number)

        job = asyncio.run(tests())
        assert isinstance(job, Job)
        assert (job.result or {})["conclusion"] == "failure"
        assert check_of(run, pull.head_sha).title == "1 failed, 1 passed"


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
