"""Repositories. https://docs.github.com/en/rest/repos/repos"""

from typing import Any

from forgehand.practice.records import Repository
from forgehand.practice.render import accounts
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso
from forgehand.practice.world import World

BELOW = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
"""Each link and what follows the repository's REST address in it."""


def minimal(world: World, repo: Repository) -> dict[str, Any]:
    root = api(world, repo)
    return {
        "id": repo.id,
        "node_id": node("R_kgDO", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": accounts.user(world, repo.owner),
        "private": repo.private,
        "html_url": html(world, repo),
        "description": repo.description,
        "fork": repo.fork_of is not None,
        "url": root,
    } | {name: root + path for name, path in BELOW.items()}


def repository(world: World, repo: Repository) -> dict[str, Any]:
    """As it stands in lists, pull requests and tokens."""
    page = html(world, repo)
    open_issues = sum(t.repo_id == repo.id and t.state == "open" for t in world.threads.values())
    forks = sum(r.fork_of == repo.id for r in world.repositories.values())
    return minimal(world, repo) | {
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@127.0.0.1:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "size": 1,
        "forks_count": forks,
        "stargazers_count": 0,
        "watchers_count": 0,
        "open_issues_count": open_issues,
        "forks": forks,
        "watchers": 0,
        "open_issues": open_issues,
        "default_branch": repo.default_branch,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "has_downloads": True,
        "archived": False,
        "disabled": False,
        "visibility": "private" if repo.private else "public",
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "license": None,
        "pushed_at": iso(repo.pushed),
        "created_at": iso(repo.created),
        "updated_at": iso(repo.pushed),
    }


def full(world: World, repo: Repository, permissions: dict[str, bool] | None = None) -> dict[str, Any]:
    """As `GET /repos/{owner}/{repo}` answers."""
    body = repository(world, repo) | {
        "temp_clone_token": None,
        "allow_squash_merge": "squash" in repo.merge_methods,
        "allow_merge_commit": "merge" in repo.merge_methods,
        "allow_rebase_merge": "rebase" in repo.merge_methods,
        "allow_auto_merge": False,
        "allow_update_branch": False,
        "delete_branch_on_merge": False,
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "merge_commit_title": "MERGE_MESSAGE",
        "merge_commit_message": "PR_TITLE",
        "subscribers_count": 0,
        "network_count": 0,
    }
    if permissions is not None:
        body["permissions"] = permissions
    if world.account(repo.owner).type == "Organization":
        body["organization"] = accounts.user(world, repo.owner)
    if repo.fork_of is not None:
        body["parent"] = body["source"] = repository(world, world.repositories[repo.fork_of])
    return body


def event_repository(world: World, repo: Repository, event: str) -> dict[str, Any]:
    """As webhooks carry it. A push writes moments as numbers and names the owner twice.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""
    body = repository(world, repo)
    if event == "push":
        body |= {
            "created_at": int(repo.created),
            "pushed_at": int(repo.pushed),
            "stargazers": 0,
            "master_branch": repo.default_branch,
        }
        body["owner"] = body["owner"] | {"name": repo.owner, "email": None}
    return body


def brief_pulls(world: World, repo: Repository, sha: str) -> list[dict[str, Any]]:
    """The open pull requests of a commit as checks list them; GitHub leaves out those from forks."""
    return [
        {
            "url": f"{api(world, repo)}/pulls/{pull.number}",
            "id": pull.pull_id,
            "number": pull.number,
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": _brief(world, repo)},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": _brief(world, repo)},
        }
        for pull in world.pulls(repo)
        if (pull.state, pull.head_sha, pull.head_repo_id) == ("open", sha, repo.id)
    ]


def _brief(world: World, repo: Repository) -> dict[str, Any]:
    return {"id": repo.id, "url": api(world, repo), "name": repo.name}
