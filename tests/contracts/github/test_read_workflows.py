"""Workflows, their runs and refs, as a GitHub shows them."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.adapters.github import RunReader, WorkflowReader
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.jobs import Change
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.engine.overlooked_runs import OverlookedRuns
from forgehand.ports.workflows import Workflow
from forgehand.practice import Forge
from forgehand.practice.records import WorkflowRun
from support.github_stage import Stage

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def actions(stage: Stage) -> None:
    stage.forge.enable_actions(stage.name)


CI = "name: CI\non: [push, workflow_dispatch]\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"
PATH = ".github/workflows/ci.yml"


async def workflow(stage: Stage, file: str = "ci.yml", ref: str = "main") -> Workflow | None:
    return await WorkflowReader(stage.github, stage.tokens).workflow(stage.repo, file, ref)


def ended(forge: Forge, name: str) -> list[WorkflowRun]:
    """Its runs, once all have ended."""
    return list(
        forge.wait_for(lambda: (r := forge.runs(name)) and all(e.conclusion for e in r) and r, timeout=240) or ()
    )


async def test_a_workflow_is_read_by_the_name_of_its_file(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    found = await workflow(stage)
    assert found is not None
    assert (found.name, found.path, found.active, found.dispatchable) == ("CI", PATH, True, True)


@pytest.mark.parametrize("file", ["gone.yml", "../ci.yml", "ci", "7"])
async def test_there_is_none_of_another_name(stage: Stage, file: str) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    assert await workflow(stage, file) is None


async def test_one_that_is_switched_off_says_so(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    stage.forge.disable_workflow(stage.name, "ci.yml")
    found = await workflow(stage)
    assert found is not None
    assert (found.state, found.active) == ("disabled_manually", False)


@pytest.mark.parametrize(("on", "dispatchable"), [("workflow_dispatch", True), ("[push]", False), ("[", True)])
async def test_the_file_of_the_ref_says_whether_it_can_be_started(stage: Stage, on: str, dispatchable: bool) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    stage.forge.commit(stage.name, "other", {PATH: CI.replace("[push, workflow_dispatch]", on)})
    found = await workflow(stage, ref="other")
    assert found is not None
    assert found.dispatchable is dispatchable


async def test_one_that_the_ref_does_not_have_cannot_be_started_there(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    found = await workflow(stage, ref="topic")
    assert found is not None
    assert not found.dispatchable


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("main", True),
        ("release/1", True),
        ("release", False),
        ("mai", False),
        ("refs/heads/main", False),
        ("v1", True),
        ("", False),
        ("/", False),
        ("main/", False),
        ("../heads/main", False),
        ("what?", False),
    ],
)
async def test_a_ref_is_a_branch_or_tag_of_exactly_that_name(stage: Stage, name: str, exists: bool) -> None:
    stage.forge.set_branch(stage.name, "release/1", stage.head)
    stage.forge.set_tag(stage.name, "v1", stage.head)
    assert await WorkflowReader(stage.github, stage.tokens).ref_exists(stage.repo, name) is exists


async def test_a_repository_without_a_commit_has_no_ref(stage: Stage) -> None:
    made = stage.forge.create_repository("octo/new")
    new = Repo(stage.installation.id, made.id, "octo/new")
    assert not await WorkflowReader(stage.github, stage.tokens).ref_exists(new, "main")


async def test_a_tag_is_told_from_a_branch_of_that_name(stage: Stage) -> None:
    reader = WorkflowReader(stage.github, stage.tokens)
    assert not await reader.tag_exists(stage.repo, "main")
    stage.forge.set_tag(stage.name, "main", stage.head)
    assert await reader.tag_exists(stage.repo, "main")
    assert not await reader.tag_exists(stage.repo, "../heads/main")


async def test_a_run_of_a_tag_shows_the_tags_name_as_its_branch(stage: Stage) -> None:
    sha = stage.forge.commit(
        stage.name, "topic", {PATH: CI.replace("[push, workflow_dispatch]", "{push: {tags: [v*]}}")}
    )
    stage.forge.set_tag(stage.name, "v1", sha)
    [made] = ended(stage.forge, stage.name)
    run = await RunReader(stage.github, stage.tokens).run(stage.repo, made.id)
    assert run is not None
    assert (run.event, run.head_branch, run.head_sha) == ("push", "v1", sha)


async def test_a_run_is_read_with_where_it_came_from(stage: Stage) -> None:
    sha = stage.forge.commit(stage.name, "main", {PATH: CI})
    [made] = ended(stage.forge, stage.name)
    run = await RunReader(stage.github, stage.tokens).run(stage.repo, made.id)
    assert run is not None
    assert (run.id, run.name, run.workflow, run.event) == (made.id, "CI", PATH, "push")
    assert (run.ended, run.conclusion, run.attempt, run.actor) == (True, "success", 1, "dev")
    assert (run.head_branch, run.head_sha, run.head_repository, run.head_is_fork) == ("main", sha, stage.name, False)
    assert run.updated_at >= run.created_at > 0
    assert run.url == f"{stage.forge.url}/octo/sample/actions/runs/{made.id}"


async def test_a_run_of_a_fork_says_so_and_one_of_a_deleted_fork_says_nothing(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI.replace("push", "pull_request")})
    fork = stage.forge.fork(stage.name, "kim")
    stage.forge.commit("kim/sample", "theirs", {"x": "x\n"})
    stage.forge.open_pull(stage.name, "kim:theirs")
    [made] = [run for run in stage.forge.runs(stage.name) if run.head_repo_id == fork.id]
    reader = RunReader(stage.github, stage.tokens)
    run = await reader.run(stage.repo, made.id)
    assert run is not None
    assert (run.conclusion, run.head_repository, run.head_is_fork) == ("action_required", "kim/sample", True)


async def test_there_is_no_run_of_another_id(stage: Stage) -> None:
    assert await RunReader(stage.github, stage.tokens).run(stage.repo, 987654) is None


async def test_reading_takes_no_permission_to_start_anything(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {PATH: CI})
    await workflow(stage)
    held = [call.permissions for call in stage.forge.calls if call.actor.startswith("installation")]
    assert {level for each in held for level in each.values()} == {"read"}


async def test_the_newest_runs_are_listed_and_free_where_nothing_changed(stage: Stage) -> None:
    reader = RunReader(stage.github, stage.tokens)
    stage.forge.commit(stage.name, "main", {PATH: CI})
    stage.forge.commit(stage.name, "main", {"more.md": "More."})
    runs = ended(stage.forge, stage.name)
    listed = await reader.newest(stage.repo, None)
    assert listed is not None
    assert [each.id for each in listed[0]] == sorted((each.id for each in runs), reverse=True)
    assert await reader.newest(stage.repo, listed[1]) is None
    began = _again(stage, runs[0], status="in_progress", conclusion=None)
    changed = await reader.newest(stage.repo, listed[1])
    assert changed is not None
    assert (changed[0][0].id, changed[0][0].ended, len(changed[0])) == (began.id, False, 3)


async def test_more_than_a_page_of_runs_is_listed_back_to_the_one_that_is_known(stage: Stage) -> None:
    reader = RunReader(stage.github, stage.tokens)
    stage.forge.commit(stage.name, "main", {PATH: CI})
    [first] = ended(stage.forge, stage.name)
    for _ in range(150):
        _again(stage, first)
    counts = []
    for known in (0, first.id):
        listed = await reader.newest(stage.repo, None, known)
        assert listed is not None
        counts.append(len({each.id for each in listed[0]}))
    assert counts == [100, 151]


async def test_those_under_way_are_listed_whatever_their_age(stage: Stage) -> None:
    reader = RunReader(stage.github, stage.tokens)
    stage.forge.commit(stage.name, "main", {PATH: CI})
    [first] = ended(stage.forge, stage.name)
    long = _again(stage, first, status="in_progress", conclusion=None)
    _again(stage, first)
    listed = await reader.under_way(stage.repo, None)
    assert listed is not None
    assert [each.id for each in listed[0]] == [long.id]
    assert await reader.under_way(stage.repo, listed[1]) is None


async def test_the_poll_finds_a_long_run_that_ends_behind_many_short_ones(stage: Stage) -> None:
    store, reader = MemoryStore(), RunReader(stage.github, stage.tokens)
    await store.open()
    stage.forge.commit(stage.name, "main", {PATH: CI})
    [first] = ended(stage.forge, stage.name)
    long = _again(stage, first, status="in_progress", conclusion=None)
    worker = WorkerSpec("dispatch", "dispatch", (Trigger("workflow_run", actions=("completed",)),))

    async def look() -> list[str]:
        jobs, marks = await OverlookedRuns(reader, store, (worker,)).ended(stage.repo, 9.0)
        await store.commit(Change(enqueue=tuple(jobs), marks=marks), 9.0)
        return [job.subject for job in jobs]

    assert await look() == []
    short = {_again(stage, first).id for _ in range(101)}
    assert set(await look()) == {f"run/{number}" for number in short}
    with stage.forge.world.lock:
        stage.forge.world.runs[long.id] = replace(long, status="completed", conclusion="success")
    assert await look() == [f"run/{long.id}"]
    assert await look() == []
    await store.close()


def _again(stage: Stage, run: WorkflowRun, **more: Any) -> WorkflowRun:
    """Another run like this one, begun after all others."""
    with stage.forge.world.lock:
        made = replace(run, id=stage.forge.world.new_id(), **more)
        stage.forge.world.runs[made.id] = made
        return made
