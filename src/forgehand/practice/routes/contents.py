"""Files and folders at a ref. https://docs.github.com/en/rest/repos/contents"""

import base64
import binascii
from dataclasses import replace

from forgehand.practice import render
from forgehand.practice.acts import refs
from forgehand.practice.acts.signing import signature
from forgehand.practice.auth import permitted
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.git import DIRECTORY, Content, Entry, Signature
from forgehand.practice.router import Reply, Request, route


@route("GET", "/repos/{owner}/{repo}/contents", "contents:read")
def get_root(request: Request) -> Reply:
    return _content(request, "")


@route("GET", "/repos/{owner}/{repo}/contents/{path}", "contents:read")
def get_content(request: Request) -> Reply:
    return _content(request, request.params["path"].strip("/"))


@route("PUT", "/repos/{owner}/{repo}/contents/{path}", "contents:write")
def put_content(request: Request) -> Reply:
    """https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents"""
    path = request.params["path"]
    try:
        data = base64.b64decode(request.need_text("content"))
    except binascii.Error as error:
        raise Refusal(422, "content is not valid Base64.") from error
    branch, tip, known = _target(request, path)
    sha = request.text("sha")
    if known and sha is None:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if (known.sha if known else None) != sha:
        raise Refusal(409, f"{path} does not match {sha}")
    new = _write(request, branch, tip, {path: data})
    entry = request.world.git(request.repo).find(new, path)
    assert entry
    shown = render.git.content(request.world, request.repo, replace(entry, path=path), branch, listed=True)
    commit = render.git.git_commit(request.world, request.repo, new)
    return Reply({"content": shown, "commit": commit}, 200 if known else 201)


@route("DELETE", "/repos/{owner}/{repo}/contents/{path}", "contents:write")
def delete_content(request: Request) -> Reply:
    path = request.params["path"]
    branch, tip, known = _target(request, path)
    if known is None:
        raise not_found()
    if known.sha != request.need_text("sha"):
        raise Refusal(409, f"{path} does not match {request.text('sha')}")
    new = _write(request, branch, tip, {path: None})
    return Reply({"content": None, "commit": render.git.git_commit(request.world, request.repo, new)})


def _content(request: Request, path: str) -> Reply:
    world, repo = request.world, request.repo
    git = world.git(repo)
    name = request.query.get("ref") or repo.default_branch
    commit = git.resolve(name)
    if commit is None:
        raise Refusal(404, f"No commit found for the ref {name}")
    entry = git.find(commit, path)
    if entry is None:
        raise not_found()
    if entry.mode == DIRECTORY:
        prefix = f"{path}/" if path else ""
        listed = [replace(e, path=prefix + e.path) for e in git.tree(entry.sha)][:1000]
        return Reply([render.git.content(world, repo, e, name, listed=True) for e in listed])
    if request.media("raw"):
        return Reply(git.blob(entry.sha), media="application/vnd.github.raw+json; charset=utf-8")
    return Reply(render.git.content(world, repo, replace(entry, path=path), name))


def _target(request: Request, path: str) -> tuple[str, str | None, Entry | None]:
    git = request.world.git(request.repo)
    branch = request.text("branch") or request.repo.default_branch
    tip = git.ref(f"refs/heads/{branch}")
    if tip is None and git.refs("refs/heads/"):
        raise Refusal(404, f"Branch {branch} not found")
    if path.startswith(".github/workflows/") and not _may_write_workflows(request):
        raise Refusal(403, "Resource not accessible by integration")
    return branch, tip, git.find(tip, path) if tip else None


def _may_write_workflows(request: Request) -> bool:
    return request.caller.kind != "installation" or permitted(request.caller, ["workflows:write"])


def _write(request: Request, branch: str, tip: str | None, files: dict[str, Content]) -> str:
    world, repo, by = request.world, request.repo, request.caller.login
    author = signature(world, by)
    given = request.body.get("author") or request.body.get("committer")
    if isinstance(given, dict):
        author = Signature(str(given.get("name")), str(given.get("email")), world.now())
    new = world.git(repo).commit_files(tip, files, request.need_text("message"), author)
    refs.push(world, repo, f"refs/heads/{branch}", new, tip, by, status=409)
    return new
