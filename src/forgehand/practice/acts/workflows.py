"""Which workflows a repository has, and what makes them run. Called by `refs`, `pulls`, `routes.actions` and `Forge`.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from forgehand.practice import render
from forgehand.practice.actions import files
from forgehand.practice.actions.files import BadWorkflow, WorkflowFile
from forgehand.practice.acts import events, merge_refs, runs
from forgehand.practice.acts.runs import Cause
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import Pull, Repository, Workflow
from forgehand.practice.world import World

FOLDER = ".github/workflows"
NO_TRIGGER = "Workflow does not have 'workflow_dispatch' trigger"


def known(world: World, repo: Repository) -> list[Workflow]:
    """Those of the default branch, and those that have run from another one; oldest first."""
    tip = world.git(repo).ref(f"refs/heads/{repo.default_branch}")
    for path in _paths(world, repo, tip) if tip else ():
        _register(world, repo, path)
    return [w for w in world.workflows.values() if w.repo_id == repo.id]


def find(world: World, repo: Repository, name: str) -> Workflow:
    """By id or file name. Raises a 404."""
    for workflow in known(world, repo):
        if name in (str(workflow.id), workflow.file_name):
            return workflow
    raise not_found()


def name_of(world: World, repo: Repository, workflow: Workflow) -> str | None:
    tip = world.git(repo).ref(f"refs/heads/{repo.default_branch}")
    try:
        return _read(world, repo, tip, workflow.path).name if tip else None
    except BadWorkflow:
        return None


def shown(world: World, repo: Repository, workflow: Workflow) -> dict[str, Any]:
    return render.actions.workflow(world, workflow, name_of(world, repo, workflow))


def switch(world: World, workflow: Workflow, on: bool) -> None:
    """https://docs.github.com/en/rest/actions/workflows#disable-a-workflow"""
    world.workflows[workflow.id] = replace(workflow, state="active" if on else "disabled_manually")


def on_push(world: World, repo: Repository, ref: str, sha: str, by: str) -> None:
    """The files of the pushed commit decide, not those of the default branch. A run of a tag shows the tag's name as
    its `head_branch`: https://github.com/safedep/vet/pull/586"""
    title = world.git(repo).commit(sha).message.partition("\n")[0]
    cause = Cause("push", ref.split("/", 2)[2], ref, sha, repo.id, by, title)
    _trigger(world, repo, sha, cause, lambda file: file.wants_push(ref))


def on_pull(world: World, pull: Pull, action: str, by: str) -> None:
    """The files of the test merge decide, so that nothing runs on a conflict; once it is merged, those of the base.
    What a fork brings waits for an approval.
    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/approve-runs-from-forks"""
    repo = world.repositories[pull.repo_id]
    sha = (pull.merge_commit_sha or merge_refs.current(world, pull)) if repo.actions else None
    if sha is None:
        return
    ref = f"refs/heads/{pull.base_ref}" if pull.merged else pull.merge_ref
    cause = Cause("pull_request", pull.head_ref, ref, sha, pull.head_repo_id, by, pull.title, pull=pull)
    _trigger(world, repo, sha, cause, lambda file: file.wants_pull(action, pull.base_ref))


def dispatch(world: World, repo: Repository, workflow: Workflow, ref: str, inputs: Mapping[str, Any], by: str) -> int:
    """The id of the run that is to come. Raises GitHub's 422s.
    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event"""
    if not repo.actions:
        raise Refusal(422, "Actions has been disabled for this repository.")
    if workflow.state != "active":
        raise Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    full, sha = _branch_or_tag(world, repo, ref)
    try:
        file = _read(world, repo, sha, workflow.path)
    except BadWorkflow as error:
        raise Refusal(422, NO_TRIGGER) from error
    if "workflow_dispatch" not in file.on:
        raise Refusal(422, NO_TRIGGER)
    values = _inputs(file, inputs)
    path = f"{FOLDER}/{workflow.file_name}"
    fields = {"inputs": dict(inputs) or None, "ref": full, "workflow": path}
    events.emit(world, repo, "workflow_dispatch", by, **fields)
    name = full.split("/", 2)[2]
    cause = Cause("workflow_dispatch", name, full, sha, repo.id, by, file.name or path, values)
    return runs.begin(world, repo, workflow, file, cause)


def _trigger(world: World, repo: Repository, sha: str, cause: Cause, wanted: Any) -> None:
    for path in _paths(world, repo, sha) if repo.actions else ():
        try:
            file = _read(world, repo, sha, path)
            if not wanted(file):
                continue
        except BadWorkflow as problem:
            # GitHub shows a file that it cannot read as a failed run of each push.
            if cause.event != "push":
                continue
            file = WorkflowFile(name=None, on={}, problem=str(problem))
        workflow = _register(world, repo, path)
        if workflow.state == "active":
            runs.begin(world, repo, workflow, file, cause)


def _paths(world: World, repo: Repository, commit: str) -> list[str]:
    git = world.git(repo)
    folder = git.find(commit, FOLDER)
    entries = git.tree(folder.sha) if folder and folder.type == "tree" else []
    return [f"{FOLDER}/{e.path}" for e in entries if e.type == "blob" and e.path.endswith((".yml", ".yaml"))]


def _read(world: World, repo: Repository, commit: str, path: str) -> WorkflowFile:
    git = world.git(repo)
    entry = git.find(commit, path)
    if entry is None:
        raise BadWorkflow(f"{path} is not there")
    return files.parse(git.blob(entry.sha))


def _register(world: World, repo: Repository, path: str) -> Workflow:
    for workflow in world.workflows.values():
        if (workflow.repo_id, workflow.path) == (repo.id, path):
            return workflow
    made = Workflow(id=world.new_id(), repo_id=repo.id, path=path, state="active", created=world.now())
    world.workflows[made.id] = made
    return made


def _branch_or_tag(world: World, repo: Repository, ref: str) -> tuple[str, str]:
    """ "The reference can be a branch or tag name", also in full; a sha is none."""
    git = world.git(repo)
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
        sha = git.ref(name) if name.startswith(("refs/heads/", "refs/tags/")) else None
        if sha and (commit := git.peel(sha)):
            return name, commit
    raise Refusal(422, f"No ref found for: {ref}")


def _inputs(file: WorkflowFile, given: Mapping[str, Any]) -> dict[str, str]:
    declared = file.inputs
    unexpected = [name for name in given if name not in declared]
    if unexpected:
        raise Refusal(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    values: dict[str, str] = {}
    for name, wanted in declared.items():
        value = files.text(given[name]) if name in given else wanted.default
        if value is None and wanted.required:
            raise Refusal(422, f"Required input '{name}' not provided")
        if value is not None and wanted.options and value not in wanted.options:
            raise Refusal(422, f"Provided value '{value}' for input '{name}' not in the list of allowed values")
        values[name] = value or ""
    return values
