"""Commits, comparisons and the pull requests of a commit. https://docs.github.com/en/rest/commits"""

from forgehand.practice import compare, render
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.times import parse

DIFF = "application/vnd.github.diff; charset=utf-8"
PATCH = "application/vnd.github.patch; charset=utf-8"


@route("GET", "/repos/{owner}/{repo}/commits", "contents:read")
def list_commits(request: Request) -> Reply:
    git = request.world.git(request.repo)
    start = request.query.get("sha") or request.repo.default_branch
    tip = git.resolve(start)
    if tip is None:
        if not git.refs("refs/heads/"):
            raise Refusal(409, "Git Repository is empty.")
        raise not_found()
    found = git.history(tip, request.query.get("path"))
    if since := request.query.get("since"):
        found = [sha for sha in found if git.commit(sha).committer.when >= parse(since)]
    if until := request.query.get("until"):
        found = [sha for sha in found if git.commit(sha).committer.when <= parse(until)]
    return request.page(found, lambda sha: render.git.commit(request.world, request.repo, sha))


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents:read")
def get_commit(request: Request) -> Reply:
    git = request.world.git(request.repo)
    sha = resolve(request, request.params["ref"])
    if request.media("sha"):
        return Reply(sha, media="application/vnd.github.sha; charset=utf-8")
    parents = git.commit(sha).parents
    if request.media("diff") and parents:
        return Reply(git.diff_text(parents[0], sha), media=DIFF)
    if request.media("patch") and parents:
        return Reply(git.patch_text(parents[0], sha), media=PATCH)
    return Reply(render.git.commit(request.world, request.repo, sha, with_files=True))


@route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests:read")
def list_pulls(request: Request) -> Reply:
    """The merged pull request of a commit, else the open ones that hold it.
    https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit"""
    sha = resolve(request, request.params["commit_sha"])
    found = [
        pull
        for pull in request.world.pulls(request.repo)
        if sha == pull.merge_commit_sha or sha in compare.commits(request.world, pull)
    ]
    return request.page(request.fresh(found), lambda pull: render.pulls.simple(request.world, pull))


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents:read")
def compare_commits(request: Request) -> Reply:
    """https://docs.github.com/en/rest/commits/commits#compare-two-commits"""
    world, repo = request.world, request.repo
    git = world.git(repo)
    left, dots, right = request.params["basehead"].partition("...")
    base, head = git.resolve(left.rpartition(":")[2]), git.resolve(right.rpartition(":")[2])
    middle = git.merge_base(base, head) if dots and base and head else None
    if base is None or head is None or middle is None:
        raise not_found()
    if request.media("diff"):
        return Reply(git.diff_text(middle, head), media=DIFF)
    if request.media("patch"):
        return Reply(git.patch_text(middle, head), media=PATCH)
    ahead, behind = git.commits_between(base, head), git.commits_between(head, base)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    page = f"{render.html(world, repo)}/compare/{base}...{head}"
    reply = request.page(ahead, lambda sha: render.git.commit(world, repo, sha))
    files = git.diff(middle, head)[: render.git.MOST_FILES] if request.query.get("page", "1") == "1" else []
    body = {
        "url": f"{render.api(world, repo)}/compare/{left}...{right}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": render.git.commit(world, repo, base),
        "merge_base_commit": render.git.commit(world, repo, middle),
        "status": status.get((bool(ahead), bool(behind)), "identical"),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": reply.body,
        "files": [render.git.file(world, repo, head, f) for f in files],
    }
    return Reply(body, headers=reply.headers)


def resolve(request: Request, name: str) -> str:
    """The commit of a branch, tag or sha. Raises a 422."""
    sha = request.world.git(request.repo).resolve(name)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {name}")
    return sha
