"""Blobs, trees and commits that are made before any ref shows them. https://docs.github.com/en/rest/git"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from forgehand.practice import objects, render
from forgehand.practice.acts.signing import signature
from forgehand.practice.errors import Refusal
from forgehand.practice.git import DIRECTORY, EXECUTABLE, FILE, SUBMODULE, SYMLINK, Entry, Signature
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.gitdata import git_of
from forgehand.practice.times import parse

MODES = {FILE: "blob", EXECUTABLE: "blob", SYMLINK: "blob", DIRECTORY: "tree", SUBMODULE: "commit"}


@route("POST", "/repos/{owner}/{repo}/git/blobs", "contents:write")
def create_blob(request: Request) -> Reply:
    git, text = git_of(request), request.need_text("content")
    data = text.encode()
    if request.text("encoding") == "base64":
        try:
            data = base64.b64decode(text)
        except binascii.Error as error:
            raise Refusal(422, "content is not valid Base64") from error
    sha = objects.write(git.path, "blob", data)
    address = f"{render.api(request.world, request.repo)}/git/blobs/{sha}"
    return Reply({"sha": sha, "url": address}, 201, {"Location": address})


@route("POST", "/repos/{owner}/{repo}/git/trees", "contents:write")
def create_tree(request: Request) -> Reply:
    """https://docs.github.com/en/rest/git/trees#create-a-tree"""
    world, repo = request.world, request.repo
    git, given = git_of(request), request.body.get("tree")
    if not isinstance(given, list) or not all(isinstance(item, dict) and item.get("path") for item in given):
        raise Refusal(422, "Invalid tree info")
    sha = _base(request, request.text("base_tree"))
    for item in given:
        path, entry = str(item["path"]), _entry(request, item)
        if not all(part and part not in (".", "..", ".git") for part in path.split("/")):
            raise Refusal(422, "tree.path contains a malformed path component")
        if entry is None and (sha is None or git.below(sha, path) is None):
            raise Refusal(422, "GitRPC::BadObjectState")
        sha = git.put(sha, path, entry)
    if sha is None:
        raise Refusal(422, "Invalid tree info")
    shown = render.git.tree(world, repo, sha, git.tree(sha), False)
    return Reply(shown, 201, {"Location": shown["url"]})


@route("POST", "/repos/{owner}/{repo}/git/commits", "contents:write")
def create_commit(request: Request) -> Reply:
    """https://docs.github.com/en/rest/git/commits#create-a-commit"""
    world, repo = request.world, request.repo
    git, tree, parents = git_of(request), request.need_text("tree"), request.body.get("parents") or []
    if git.kind(tree) != "tree":
        raise Refusal(422, "Tree SHA does not exist")
    if any(git.kind(str(parent)) != "commit" for parent in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    author = _person(request, "author", signature(world, request.caller.login))
    committer = _person(request, "committer", author)
    sha = git.write_commit(tree, tuple(map(str, parents)), request.need_text("message"), author, committer)
    shown = render.git.git_commit(world, repo, sha)
    return Reply(shown, 201, {"Location": shown["url"]})


def _base(request: Request, name: str | None) -> str | None:
    """A tree's sha, or the tree of a commit."""
    git = request.world.git(request.repo)
    if name is None:
        return None
    match git.kind(name):
        case "tree":
            return name
        case "commit":
            return git.commit(name).tree
    raise Refusal(422, "base_tree is not a valid tree oid")


def _entry(request: Request, item: Mapping[str, Any]) -> Entry | None:
    """What an item puts at its path; None deletes what is there."""
    name = str(item["path"]).rpartition("/")[2]
    if "content" in item and item.get("sha"):
        raise Refusal(422, "Must supply either tree.sha or tree.content, not both.")
    mode = str(item.get("mode"))
    if mode not in MODES:
        raise Refusal(422, f"Must supply a valid tree.mode: {mode}")
    if "content" in item:
        return Entry(mode, name, objects.write(request.repo.path, "blob", str(item["content"]).encode()))
    if "sha" in item and item["sha"] is None:
        return None
    sha = str(item.get("sha"))
    if mode != SUBMODULE and request.world.git(request.repo).kind(sha) != MODES[mode]:
        raise Refusal(422, f"tree.sha {sha} is not a valid {MODES[mode]}")
    return Entry(mode, name, sha)


def _person(request: Request, name: str, default: Signature) -> Signature:
    given = request.body.get(name)
    if not isinstance(given, dict):
        return default
    when = parse(given["date"]) if given.get("date") else default.when
    return Signature(str(given.get("name", default.name)), str(given.get("email", default.email)), when)
