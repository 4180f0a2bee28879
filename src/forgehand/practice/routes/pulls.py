"""Pull requests. https://docs.github.com/en/rest/pulls/pulls"""

from forgehand.practice import compare, render
from forgehand.practice.acts import merging, pulls, workflow_files
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import Pull
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.commits import DIFF, PATCH

MOST_FILES, MOST_COMMITS, MOST_LINES = 3000, 250, 20_000
"""https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files and #list-commits-on-a-pull-request"""


@route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
def list_pulls(request: Request) -> Reply:
    query = request.query
    state = query.get("state", "open")
    found = [p for p in request.world.pulls(request.repo) if state == "all" or p.state == state]
    if head := query.get("head"):
        found = [p for p in found if head == _label(request, p)]
    if base := query.get("base"):
        found = [p for p in found if p.base_ref == base]
    sort = query.get("sort", "created")
    ascending = query.get("direction", "desc" if sort == "created" else "asc") == "asc"
    found.sort(key=lambda p: (p.updated if sort == "updated" else p.created, p.number), reverse=not ascending)
    return request.page(request.fresh(found), lambda p: render.pulls.simple(request.world, p))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:read")
def get_pull(request: Request) -> Reply:
    pull = pull_of(request)
    git, base = request.world.git(request.repo), compare.fork_point(request.world, pull)
    if request.media("diff"):
        files = git.diff(base, pull.head_sha)
        if len(files) > MOST_FILES // 10 or sum(f.additions + f.deletions for f in files) > MOST_LINES:
            text = f"Sorry, the diff exceeded the maximum number of lines ({MOST_LINES})"
            raise Refusal(406, text, [{"resource": "PullRequest", "field": "diff", "code": "too_large"}])
        return Reply(git.diff_text(base, pull.head_sha), media=DIFF)
    if request.media("patch"):
        return Reply(git.patch_text(base, pull.head_sha), media=PATCH)
    return Reply(_rendered(request, pull))


@route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write")
def create_pull(request: Request) -> Reply:
    pull = pulls.open_pull(
        request.world,
        request.repo,
        head=request.need_text("head"),
        base=request.need_text("base"),
        title=request.need_text("title"),
        body=request.text("body"),
        by=request.caller.login,
        draft=request.body.get("draft") is True,
        app_id=request.caller.app_id,
        maintainer_can_modify=request.body.get("maintainer_can_modify") is not False,
    )
    body = render.pulls.pull(request.world, pull)
    return Reply(body, 201, {"Location": body["url"]})


@route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:write")
def update_pull(request: Request) -> Reply:
    pull = pulls.change(
        request.world,
        pull_of(request),
        request.caller.login,
        title=request.text("title"),
        body=request.text("body"),
        state=request.text("state"),
        base=request.text("base"),
    )
    return Reply(_rendered(request, pull))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", "pull_requests:read")
def list_files(request: Request) -> Reply:
    pull = pull_of(request)
    files = compare.files(request.world, pull)[:MOST_FILES]
    return request.page(files, lambda f: render.git.file(request.world, request.repo, pull.head_sha, f))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", "pull_requests:read")
def list_commits(request: Request) -> Reply:
    shas = compare.commits(request.world, pull_of(request))[:MOST_COMMITS]
    return request.page(shas, lambda sha: render.git.commit(request.world, request.repo, sha))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", "pull_requests:read")
def is_merged(request: Request) -> Reply:
    if pull_of(request).merged is None:
        raise not_found()
    return Reply(status=204)


@route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", "contents:write")
def merge(request: Request) -> Reply:
    pull = pull_of(request)
    base = compare.fork_point(request.world, pull)
    workflow_files.refuse(request.world, request.repo, request.caller, base, pull.head_sha)
    sha = merging.merge(
        request.world,
        pull,
        request.caller.login,
        method=request.text("merge_method") or "merge",
        title=request.text("commit_title"),
        message=request.text("commit_message"),
        sha=request.text("sha"),
    )
    return Reply({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def pull_of(request: Request) -> Pull:
    return request.world.pull(request.repo, request.number("pull_number"))


def _rendered(request: Request, pull: Pull) -> object:
    mergeable, state = merging.mergeability(request.world, pull)
    return render.pulls.pull(request.world, pull, mergeable, state)


def _label(request: Request, pull: Pull) -> str:
    return f"{request.world.head_owner(pull)}:{pull.head_ref}"
