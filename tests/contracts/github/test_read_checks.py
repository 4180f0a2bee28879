"""What checks say of a commit, read from a GitHub: the latest of each name, app and suite, whoever made it."""

from dataclasses import replace
from pathlib import Path

import pytest

from forgehand.adapters.github import CheckReader
from forgehand.domain.effects import CheckRun, Conclusion
from forgehand.ports.checks import Check, CheckState
from forgehand.practice.acts.checks import create_run, make_suite
from forgehand.practice.records import App
from support.github_stage import PERMISSIONS, Stage

pytestmark = pytest.mark.anyio


@pytest.fixture
def ci(stage: Stage) -> App:
    return stage.forge.create_app("ci", permissions={"checks": "write", "statuses": "write"})


async def run(stage: Stage, app: App, name: str = "tests", **told: object) -> None:
    body = {"name": name, "head_sha": stage.head, **told}
    await stage.as_app(app, "checks", "POST", "check-runs", body)


async def status(stage: Stage, app: App, context: str, state: str, description: str = "") -> None:
    body = {"context": context, "state": state, "description": description, "target_url": "https://ci.example.org/1"}
    await stage.as_app(app, "statuses", "POST", f"statuses/{stage.head}", body)


async def read(stage: Stage) -> list[Check]:
    return list(await CheckReader(stage.github, stage.tokens, stage.identity).checks(stage.repo, stage.head))


async def test_a_commit_that_nothing_was_said_of_has_no_checks(stage: Stage) -> None:
    assert await read(stage) == []


async def test_the_latest_of_each_name_and_app_counts(stage: Stage, ci: App) -> None:
    other = stage.forge.create_app("other-ci", permissions={"checks": "write"})
    await run(stage, ci, conclusion="failure")
    await run(stage, other, conclusion="success")
    await run(stage, ci, conclusion="success")
    await run(stage, ci, "lint", status="in_progress")
    found = await read(stage)
    assert [(each.name, each.app, each.state, each.told) for each in found] == [
        ("lint", ci.id, CheckState.PENDING, "in_progress"),
        ("tests", ci.id, CheckState.PASSED, "success"),
        ("tests", other.id, CheckState.PASSED, "success"),
    ]


async def test_of_two_workflows_jobs_with_one_name_neither_hides_the_other(stage: Stage, ci: App) -> None:
    await run(stage, ci, conclusion="failure")
    world = stage.forge.world
    with world.lock:
        repo = world.repository(stage.name)
        other = make_suite(world, repo, ci.id, stage.head, None, None)
        create_run(world, repo, ci, {"name": "tests", "head_sha": stage.head, "conclusion": "success"}, other)
    assert sorted(each.told for each in await read(stage)) == ["failure", "success"]


async def test_of_a_workflow_that_ran_again_on_the_same_commit_the_newest_run_counts(
    stage: Stage, tmp_path: Path
) -> None:
    await _failed_then_passed(stage, tmp_path)
    assert [each.told for each in await read(stage)] == ["success"]


async def test_where_the_app_may_not_read_which_workflow_ran_each_run_counts(stage: Stage, tmp_path: Path) -> None:
    await _failed_then_passed(stage, tmp_path)
    stage.forge.uninstall(stage.installation)
    granted = {name: level for name, level in PERMISSIONS.items() if name != "actions"}
    installation = stage.forge.install(stage.app, stage.repo.owner, permissions=granted)
    stage.repo = replace(stage.repo, installation=installation.id)
    assert sorted(each.told for each in await read(stage)) == ["failure", "success"]


async def test_where_two_pull_requests_have_the_head_no_run_hides_that_of_the_other(
    stage: Stage, tmp_path: Path
) -> None:
    await _failed_then_passed(stage, tmp_path)
    stage.forge.set_branch(stage.name, "other", stage.forge.branch(stage.name, "main"))
    stage.forge.open_pull(stage.name, "topic", base="other")
    _ended(stage, 3)
    assert "failure" in [each.told for each in await read(stage)]


async def _failed_then_passed(stage: Stage, folder: Path) -> None:
    """The pull request's workflow, which ran twice at its head."""
    stage.forge.enable_actions(stage.name)
    job = f"{{runs-on: ubuntu-latest, steps: [{{run: test -e {folder}/mended}}]}}"
    file = f"on: {{pull_request: {{types: [opened, synchronize, reopened]}}}}\njobs: {{tests: {job}}}\n"
    stage.head = stage.forge.commit(stage.name, "topic", {".github/workflows/ci.yml": file})
    _ended(stage, 1)
    (folder / "mended").touch()
    stage.forge.close_pull(stage.name, stage.number)
    stage.forge.reopen_pull(stage.name, stage.number)
    _ended(stage, 2)


def _ended(stage: Stage, number: int) -> None:
    """So many runs have ended, also as their checks tell."""
    forge = stage.forge
    forge.wait_for(lambda: len([run for run in forge.runs(stage.name) if run.conclusion]) == number, timeout=240)
    forge.wait_for(lambda: all(run.conclusion for run in forge.check_runs(stage.name, stage.head)), timeout=240)


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        ("success", CheckState.PASSED),
        ("neutral", CheckState.PASSED),
        ("skipped", CheckState.PASSED),
        ("failure", CheckState.FAILED),
        ("cancelled", CheckState.FAILED),
        ("timed_out", CheckState.FAILED),
        ("action_required", CheckState.FAILED),
    ],
)
async def test_a_conclusion_passes_where_branch_protection_lets_it(
    stage: Stage, ci: App, conclusion: str, state: CheckState
) -> None:
    await run(stage, ci, conclusion=conclusion)
    [found] = await read(stage)
    assert (found.state, found.told) == (state, conclusion)


async def test_a_status_stands_beside_the_check_runs(stage: Stage, ci: App) -> None:
    await status(stage, ci, "deploy", "pending")
    await status(stage, ci, "deploy", "error", "no such host")
    await status(stage, ci, "build", "success")
    await run(stage, ci, "build", conclusion="failure")
    found = await read(stage)
    assert [(each.name, each.app, each.state, each.told) for each in found] == [
        ("build", 0, CheckState.PASSED, "success"),
        ("build", ci.id, CheckState.FAILED, "failure"),
        ("deploy", 0, CheckState.FAILED, "error"),
    ]
    assert (found[-1].title, found[-1].url, found[-1].ours) == ("no such host", "https://ci.example.org/1", False)


async def test_our_own_are_known(stage: Stage, ci: App) -> None:
    await run(stage, ci, conclusion="success")
    own = CheckRun(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose="verdict",
        sha=stage.head,
        name="own",
        conclusion=Conclusion.SUCCESS,
        title="All good",
        summary="Nothing was found.",
    )
    await stage.do(own)
    await stage.as_app(stage.app, "statuses", "POST", f"statuses/{stage.head}", {"context": "mine", "state": "success"})
    found = {each.name: each for each in await read(stage)}
    assert {name: each.ours for name, each in found.items()} == {"mine": True, "own": True, "tests": False}
    assert found["own"].title == "All good"


async def test_they_are_read_to_the_last_page(stage: Stage, ci: App) -> None:
    runs = [{"name": f"job {n:03}", "head_sha": stage.head, "conclusion": "success"} for n in range(103)]
    statuses = [{"context": f"step {n:03}", "state": "success"} for n in range(101)]
    await stage.as_app(ci, "checks", "POST", "check-runs", *runs)
    await stage.as_app(ci, "statuses", "POST", f"statuses/{stage.head}", *statuses)
    assert len(await read(stage)) == 204


async def test_reading_them_asks_for_reading_only(stage: Stage) -> None:
    await read(stage)
    read_calls = [call for call in stage.forge.calls if call.method == "GET" and "commits" in call.path]
    assert {tuple(sorted(call.permissions.items())) for call in read_calls if call.permissions} == {
        (("checks", "read"), ("metadata", "read"), ("statuses", "read"))
    }
