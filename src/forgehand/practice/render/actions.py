"""Workflows, their runs and jobs. https://docs.github.com/en/rest/actions"""

from typing import Any

from forgehand.practice.records import Repository, Workflow, WorkflowJob, WorkflowRun
from forgehand.practice.render import accounts, git, repos
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso, iso_or_none
from forgehand.practice.world import World


def workflow(world: World, value: Workflow, name: str | None) -> dict[str, Any]:
    """`name` is what the file on the default branch gives; without one GitHub shows the path."""
    repo = world.repositories[value.repo_id]
    page = f"{html(world, repo)}/blob/{repo.default_branch}/{value.path}"
    return {
        "id": value.id,
        "node_id": node("W_kwDO", value.id),
        "name": name or value.path,
        "path": value.path,
        "state": value.state,
        "created_at": iso(value.created),
        "updated_at": iso(value.created),
        "url": f"{api(world, repo)}/actions/workflows/{value.id}",
        "html_url": page,
        "badge_url": f"{html(world, repo)}/actions/workflows/{value.file_name}/badge.svg",
    }


def run(world: World, value: WorkflowRun) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    head = world.repositories.get(value.head_repo_id)
    root = f"{api(world, repo)}/actions/runs/{value.id}"
    suite = f"{api(world, repo)}/check-suites/{value.suite_id}"
    return {
        "id": value.id,
        "name": value.name,
        "node_id": node("WFR_kwLO", value.id),
        "head_branch": value.head_branch,
        "head_sha": value.head_sha,
        "path": world.workflows[value.workflow_id].path,
        "display_title": value.title,
        "run_number": value.number,
        "run_attempt": 1,
        "event": value.event,
        "status": value.status,
        "conclusion": value.conclusion,
        "workflow_id": value.workflow_id,
        "check_suite_id": value.suite_id,
        "check_suite_node_id": node("CS_kwDO", value.suite_id),
        "url": root,
        "html_url": f"{html(world, repo)}/actions/runs/{value.id}",
        "pull_requests": repos.brief_pulls(world, repo, value.head_sha),
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "run_started_at": iso(value.created),
        "actor": accounts.user(world, value.actor),
        "triggering_actor": accounts.user(world, value.actor),
        "jobs_url": f"{root}/jobs",
        "logs_url": f"{root}/logs",
        "check_suite_url": suite,
        "artifacts_url": f"{root}/artifacts",
        "cancel_url": f"{root}/cancel",
        "rerun_url": f"{root}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{api(world, repo)}/actions/workflows/{value.workflow_id}",
        "head_commit": git.simple_commit(world.git(repo).commit(value.head_sha)),
        "repository": repos.minimal(world, repo),
        "head_repository": repos.minimal(world, head or repo),
        "referenced_workflows": [],
    }


def job(world: World, value: WorkflowJob) -> dict[str, Any]:
    above = world.runs[value.run_id]
    repo = world.repositories[above.repo_id]
    taken = value.status != "queued"
    return {
        "id": value.id,
        "run_id": above.id,
        "run_url": f"{api(world, repo)}/actions/runs/{above.id}",
        "run_attempt": 1,
        "node_id": node("CR_kwDO", value.id),
        "head_branch": above.head_branch,
        "head_sha": above.head_sha,
        "url": f"{api(world, repo)}/actions/jobs/{value.id}",
        "html_url": f"{html(world, repo)}/actions/runs/{above.id}/job/{value.id}",
        "status": value.status,
        "conclusion": value.conclusion,
        "workflow_name": above.name,
        "created_at": iso(value.created),
        "started_at": iso(value.started),
        "completed_at": iso_or_none(value.completed),
        "name": value.name,
        "steps": [_step(value, number) for number in range(len(value.steps))],
        "check_run_url": f"{api(world, repo)}/check-runs/{value.check_run_id}",
        "labels": list(value.labels),
        "runner_id": 1 if taken else None,
        "runner_name": "practice" if taken else None,
        "runner_group_id": 1 if taken else None,
        "runner_group_name": "Default" if taken else None,
    }


def dispatched(world: World, repo: Repository, run_id: int) -> dict[str, Any]:
    """https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event"""
    return {
        "workflow_run_id": run_id,
        "run_url": f"{api(world, repo)}/actions/runs/{run_id}",
        "html_url": f"{html(world, repo)}/actions/runs/{run_id}",
    }


def _step(value: WorkflowJob, number: int) -> dict[str, Any]:
    step = value.steps[number]
    return {
        "name": step.name,
        "status": "completed",
        "conclusion": step.conclusion,
        "number": step.number,
        "started_at": iso(value.started),
        "completed_at": iso(value.completed or value.started),
    }
