"""Refs, commits, trees, blobs and tags of git itself. https://docs.github.com/en/rest/git"""

import base64

from forgehand.practice import objects, render
from forgehand.practice.acts import refs, workflow_files
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.git import Bare
from forgehand.practice.router import Reply, Request, route

MOST_ENTRIES = 100_000
"""In a recursive tree. https://docs.github.com/en/rest/git/trees#get-a-tree"""


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents:read")
def get_ref(request: Request) -> Reply:
    name = f"refs/{request.params['ref']}"
    sha = git_of(request).ref(name)
    if sha is None:
        raise not_found()
    return Reply(render.git.ref(request.world, request.repo, name, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", "contents:read")
def matching_refs(request: Request) -> Reply:
    found = git_of(request).refs(f"refs/{request.params['ref']}")
    return request.page(found, lambda pair: render.git.ref(request.world, request.repo, *pair))


@route("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
def create_ref(request: Request) -> Reply:
    """https://docs.github.com/en/rest/git/refs#create-a-reference"""
    name, sha = request.need_text("ref"), request.need_text("sha")
    git = git_of(request)
    if not objects.valid_ref(name) or name.count("/") < 2:
        raise Refusal(422, f"{name} is not a valid ref name.")
    if git.ref(name) is not None:
        raise Refusal(422, "Reference already exists")
    if git.kind(sha) is None:
        raise Refusal(422, "Object does not exist")
    workflow_files.refuse(request.world, request.repo, request.caller, None, sha)
    refs.push(request.world, request.repo, name, sha, None, request.caller.login)
    return Reply(
        render.git.ref(request.world, request.repo, name, sha),
        201,
        {"Location": f"{render.api(request.world, request.repo)}/git/{name}"},
    )


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
def update_ref(request: Request) -> Reply:
    """https://docs.github.com/en/rest/git/refs#update-a-reference"""
    name, sha = f"refs/{request.params['ref']}", request.need_text("sha")
    git = git_of(request)
    old = git.ref(name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    if git.kind(sha) is None:
        raise Refusal(422, "Object does not exist")
    if request.body.get("force") is not True and not git.is_ancestor(old, sha):
        raise Refusal(422, "Update is not a fast forward")
    workflow_files.refuse(request.world, request.repo, request.caller, old, sha)
    refs.push(request.world, request.repo, name, sha, old, request.caller.login)
    return Reply(render.git.ref(request.world, request.repo, name, sha))


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
def delete_ref(request: Request) -> Reply:
    name = f"refs/{request.params['ref']}"
    old = git_of(request).ref(name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    refs.push(request.world, request.repo, name, None, old, request.caller.login)
    return Reply(status=204)


@route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "contents:read")
def get_commit(request: Request) -> Reply:
    sha = request.params["commit_sha"]
    if git_of(request).kind(sha) != "commit":
        raise not_found()
    return Reply(render.git.git_commit(request.world, request.repo, sha))


@route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", "contents:read")
def get_tree(request: Request) -> Reply:
    world, repo, name = request.world, request.repo, request.params["tree_sha"]
    git = git_of(request)
    sha = name if git.kind(name) == "tree" else None
    if sha is None:
        commit = git.resolve(name)
        if commit is None:
            raise not_found()
        sha = git.commit(commit).tree
    # "Setting this parameter to any value enables recursion", also to 0 or false.
    entries = list(git.walk(sha)) if "recursive" in request.query else git.tree(sha)
    shown = entries[:MOST_ENTRIES]
    return Reply(render.git.tree(world, repo, sha, shown, len(entries) > MOST_ENTRIES))


@route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", "contents:read")
def get_blob(request: Request) -> Reply:
    sha = request.params["file_sha"]
    try:
        data = git_of(request).blob(sha)
    except KeyError as error:
        raise not_found() from error
    if request.media("raw"):
        return Reply(data, media="application/vnd.github.raw; charset=utf-8")
    return Reply(
        {
            "sha": sha,
            "node_id": render.node("B_kwDO", sha),
            "size": len(data),
            "url": f"{render.api(request.world, request.repo)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


def git_of(request: Request) -> Bare:
    """The repository's git. Raises the 409 that GitHub answers for all of git's own objects before the first commit."""
    git = request.world.git(request.repo)
    if not git.refs():
        raise Refusal(409, "Git Repository is empty.")
    return git
