"""Check runs, suites, annotations and statuses. https://docs.github.com/en/rest/checks"""

from typing import Any
from urllib.parse import quote

from forgehand.practice.records import Annotation, CheckRun, CheckSuite, Repository, Status
from forgehand.practice.render import accounts, git, repos
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso, iso_or_none
from forgehand.practice.world import World

# A suite's conclusion is the gravest of its runs'.
GRAVEST = ("failure", "timed_out", "action_required", "cancelled", "stale", "success", "neutral", "skipped")


def run(world: World, value: CheckRun) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    root = f"{api(world, repo)}/check-runs/{value.id}"
    return {
        "id": value.id,
        "name": value.name,
        "node_id": node("CR_kwDO", value.id),
        "head_sha": value.head_sha,
        "external_id": value.external_id,
        "url": root,
        "html_url": f"{html(world, repo)}/runs/{value.id}",
        "details_url": value.details_url,
        "status": value.status,
        "conclusion": value.conclusion,
        "started_at": iso_or_none(value.started),
        "completed_at": iso_or_none(value.completed),
        "output": {
            "title": value.title,
            "summary": value.summary,
            "text": value.text,
            "annotations_count": len(value.annotations),
            "annotations_url": f"{root}/annotations",
        },
        "check_suite": {"id": value.suite_id},
        "app": accounts.app(world, world.apps[value.app_id]),
        "pull_requests": repos.brief_pulls(world, repo, value.head_sha),
    }


def suite(world: World, value: CheckSuite) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    root = f"{api(world, repo)}/check-suites/{value.id}"
    status, conclusion = suite_state(world, value)
    return {
        "id": value.id,
        "node_id": node("CS_kwDO", value.id),
        "head_branch": value.head_branch,
        "head_sha": value.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": root,
        "before": value.before,
        "after": value.head_sha,
        "pull_requests": repos.brief_pulls(world, repo, value.head_sha),
        "app": accounts.app(world, world.apps[value.app_id]),
        "repository": repos.minimal(world, repo),
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "rerequestable": True,
        "runs_rerequestable": True,
        "head_commit": git.simple_commit(world.git(repo).commit(value.head_sha)),
        "latest_check_runs_count": len(_latest_runs(world, value)),
        "check_runs_url": f"{root}/check-runs",
    }


def suite_state(world: World, value: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion, folded from the latest run of each name."""
    found = _latest_runs(world, value)
    if not found:
        return "queued", None
    if any(r.status != "completed" for r in found):
        return "in_progress" if any(r.status != "queued" for r in found) else "queued", None
    conclusions = {r.conclusion for r in found}
    return "completed", next(c for c in GRAVEST if c in conclusions)


def annotation(world: World, value: CheckRun, item: Annotation) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    return {
        "path": item.path,
        "blob_href": f"{html(world, repo)}/blob/{value.head_sha}/{quote(item.path)}",
        "start_line": item.start_line,
        "end_line": item.end_line,
        "start_column": item.start_column,
        "end_column": item.end_column,
        "annotation_level": item.annotation_level,
        "title": item.title,
        "message": item.message,
        "raw_details": item.raw_details,
    }


def status(world: World, value: Status) -> dict[str, Any]:
    return simple_status(world, value) | {"creator": accounts.user(world, value.creator)}


def simple_status(world: World, value: Status) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    return {
        "url": f"{api(world, repo)}/statuses/{value.sha}",
        "avatar_url": f"{world.base_url}/avatars/{world.account(value.creator).id}",
        "id": value.id,
        "node_id": node("SC_kwDO", value.id),
        "state": value.state,
        "description": value.description,
        "target_url": value.target_url,
        "context": value.context,
        "created_at": iso(value.created),
        "updated_at": iso(value.created),
    }


def combined(world: World, repo: Repository, sha: str, latest: list[Status]) -> dict[str, Any]:
    """failure if any failed, pending if none is there or one is pending, else success.
    https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference"""
    states = {s.state for s in latest}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    return {
        "state": state,
        "statuses": [simple_status(world, s) for s in latest],
        "sha": sha,
        "total_count": len(latest),
        "repository": repos.minimal(world, repo),
        "commit_url": f"{api(world, repo)}/commits/{sha}",
        "url": f"{api(world, repo)}/commits/{sha}/status",
    }


def _latest_runs(world: World, value: CheckSuite) -> list[CheckRun]:
    kept = {r.name: r for r in world.check_runs.values() if r.suite_id == value.id}
    return list(kept.values())
