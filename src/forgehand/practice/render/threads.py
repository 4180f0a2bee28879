"""Issues, comments, labels and reactions. https://docs.github.com/en/rest/issues"""

from typing import Any
from urllib.parse import quote

from forgehand.practice.records import Comment, Issue, Label, Pull, Reaction, Repository
from forgehand.practice.render import accounts
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso, iso_or_none
from forgehand.practice.world import World

KINDS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def issue(world: World, value: Issue) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    root = f"{api(world, repo)}/issues/{value.number}"
    page = page_of(world, repo, value)
    body: dict[str, Any] = {
        "id": value.id,
        "node_id": node("I_kwDO", value.id),
        "url": root,
        "repository_url": api(world, repo),
        "labels_url": f"{root}/labels{{/name}}",
        "comments_url": f"{root}/comments",
        "events_url": f"{root}/events",
        "timeline_url": f"{root}/timeline",
        "html_url": page,
        "number": value.number,
        "state": value.state,
        "state_reason": value.state_reason,
        "title": value.title,
        "body": value.body,
        "user": accounts.user(world, value.user),
        "labels": labels(world, value),
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": sum((c.repo_id, c.number) == (repo.id, value.number) for c in world.comments.values()),
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "closed_at": iso_or_none(value.closed),
        "author_association": accounts.association(world, repo, value.user),
        "performed_via_github_app": accounts.app_or_none(world, value.app_id),
        "reactions": rollup(world, root, None),
    }
    if isinstance(value, Pull):
        body |= {
            "draft": value.draft,
            "pull_request": {
                "url": f"{api(world, repo)}/pulls/{value.number}",
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": iso_or_none(value.merged),
            },
        }
    return body


def full_issue(world: World, value: Issue) -> dict[str, Any]:
    """As it stands alone."""
    closer = value.closed_by
    return issue(world, value) | {"closed_by": accounts.user(world, closer) if closer else None}


def comment(world: World, value: Comment) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    root = f"{api(world, repo)}/issues/comments/{value.id}"
    thread = world.threads[value.repo_id, value.number]
    return {
        "id": value.id,
        "node_id": node("IC_kwDO", value.id),
        "url": root,
        "html_url": f"{page_of(world, repo, thread)}#issuecomment-{value.id}",
        "issue_url": f"{api(world, repo)}/issues/{value.number}",
        "user": accounts.user(world, value.user),
        "body": value.body,
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "author_association": accounts.association(world, repo, value.user),
        "performed_via_github_app": accounts.app_or_none(world, value.app_id),
        "reactions": rollup(world, root, value.id),
    }


def label(world: World, value: Label) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    return {
        "id": value.id,
        "node_id": node("LA_kwDO", value.id),
        "url": f"{api(world, repo)}/labels/{quote(value.name)}",
        "name": value.name,
        "description": value.description,
        "color": value.color,
        "default": False,
    }


def labels(world: World, value: Issue) -> list[dict[str, Any]]:
    known = {x.name: x for x in world.labels.values() if x.repo_id == value.repo_id}
    return [label(world, known[name]) for name in value.labels if name in known]


def reaction(world: World, value: Reaction) -> dict[str, Any]:
    return {
        "id": value.id,
        "node_id": node("REA_kwDO", value.id),
        "user": accounts.user(world, value.user),
        "content": value.content,
        "created_at": iso(value.created),
    }


def rollup(world: World, root: str, comment_id: int | None) -> dict[str, Any]:
    """How many of each reaction."""
    found = [r.content for r in world.reactions.values() if r.comment_id == comment_id]
    counts: dict[str, Any] = {kind: found.count(kind) for kind in KINDS}
    return {"url": f"{root}/reactions", "total_count": len(found)} | counts


def page_of(world: World, repo: Repository, value: Issue) -> str:
    kind = "pull" if isinstance(value, Pull) else "issues"
    return f"{html(world, repo)}/{kind}/{value.number}"
