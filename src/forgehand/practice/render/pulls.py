"""Pull requests. https://docs.github.com/en/rest/pulls/pulls"""

from typing import Any

from forgehand.practice import compare
from forgehand.practice.records import Pull, Repository
from forgehand.practice.render import accounts, repos, threads
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso, iso_or_none
from forgehand.practice.world import World


def simple(world: World, value: Pull) -> dict[str, Any]:
    """As lists and review events show it."""
    repo = world.repositories[value.repo_id]
    root, page = f"{api(world, repo)}/pulls/{value.number}", f"{html(world, repo)}/pull/{value.number}"
    issue = f"{api(world, repo)}/issues/{value.number}"
    links = {
        "self": root,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{root}/comments",
        "review_comment": f"{api(world, repo)}/pulls/comments{{/number}}",
        "commits": f"{root}/commits",
        "statuses": f"{api(world, repo)}/statuses/{value.head_sha}",
    }
    return {
        "url": root,
        "id": value.pull_id,
        "node_id": node("PR_kwDO", value.pull_id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": value.number,
        "state": value.state,
        "locked": False,
        "active_lock_reason": None,
        "title": value.title,
        "user": accounts.user(world, value.user),
        "body": value.body,
        "labels": threads.labels(world, value),
        "milestone": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [accounts.user(world, login) for login in value.reviewers],
        "requested_teams": [],
        "draft": value.draft,
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "closed_at": iso_or_none(value.closed),
        "merged_at": iso_or_none(value.merged),
        "merge_commit_sha": value.merge_commit_sha or _test_merge(world, repo, value),
        "head": _end(world, value.head_repo_id, value.head_ref, value.head_sha),
        "base": _end(world, repo.id, value.base_ref, value.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": accounts.association(world, repo, value.user),
        "auto_merge": None,
    }


def pull(world: World, value: Pull, mergeable: bool | None = None, mergeable_state: str = "unknown") -> dict[str, Any]:
    """The whole pull request. Events carry it before mergeability is known."""
    files = compare.files(world, value)
    here = (value.repo_id, value.number)
    submitted = {r.id for r in world.reviews.values() if (r.repo_id, r.number) == here and r.submitted}
    return simple(world, value) | {
        "merged": value.merged is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": mergeable_state,
        "merged_by": accounts.user(world, value.merged_by) if value.merged_by else None,
        "comments": sum((c.repo_id, c.number) == here for c in world.comments.values()),
        "review_comments": sum(c.review_id in submitted for c in world.review_comments.values()),
        "maintainer_can_modify": value.maintainer_can_modify,
        "commits": len(compare.commits(world, value)),
        "additions": sum(f.additions for f in files),
        "deletions": sum(f.deletions for f in files),
        "changed_files": len(files),
    }


def _end(world: World, repo_id: int, ref: str, sha: str) -> dict[str, Any]:
    """Head or base. A head whose fork was deleted has no repository any more."""
    repo = world.repositories.get(repo_id)
    owner = (repo or world.deleted[repo_id]).owner
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.user(world, owner),
        "repo": repos.repository(world, repo) if repo else None,
    }


def _test_merge(world: World, repo: Repository, value: Pull) -> str | None:
    """Until it is merged: the commit of the last test merge."""
    return world.git(repo).ref(value.merge_ref)
