"""Commits, refs, trees, files and differences. https://docs.github.com/en/rest/git"""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from forgehand.practice.diffs import FileDiff
from forgehand.practice.git import DIRECTORY, EMPTY_TREE, SUBMODULE, SYMLINK, Commit, Entry, Signature
from forgehand.practice.records import Repository
from forgehand.practice.render import accounts, protection
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso
from forgehand.practice.world import World

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
MOST_FILES = 300
"""In a commit or a comparison. https://docs.github.com/en/rest/commits/commits#get-a-commit"""


def commit(world: World, repo: Repository, sha: str, with_files: bool = False) -> dict[str, Any]:
    git = world.git(repo)
    value = git.commit(sha)
    root, page = api(world, repo), html(world, repo)
    body: dict[str, Any] = {
        "sha": sha,
        "node_id": node("C_kwDO", sha),
        "url": f"{root}/commits/{sha}",
        "html_url": f"{page}/commit/{sha}",
        "comments_url": f"{root}/commits/{sha}/comments",
        "commit": {
            "url": f"{root}/git/commits/{sha}",
            "author": person(value.author),
            "committer": person(value.committer),
            "message": value.message,
            "comment_count": 0,
            "tree": {"sha": value.tree, "url": f"{root}/git/trees/{value.tree}"},
            "verification": dict(UNSIGNED),
        },
        "author": _account(world, value.author),
        "committer": _account(world, value.committer),
        "parents": [_parent(world, repo, parent) for parent in value.parents],
    }
    if with_files:
        files = git.diff(value.parents[0] if value.parents else EMPTY_TREE, sha)
        added, removed = sum(f.additions for f in files), sum(f.deletions for f in files)
        body["stats"] = {"additions": added, "deletions": removed, "total": added + removed}
        body["files"] = [file(world, repo, sha, item) for item in files[:MOST_FILES]]
    return body


def git_commit(world: World, repo: Repository, sha: str) -> dict[str, Any]:
    value = world.git(repo).commit(sha)
    root = api(world, repo)
    return {
        "sha": sha,
        "node_id": node("C_kwDO", sha),
        "url": f"{root}/git/commits/{sha}",
        "html_url": f"{html(world, repo)}/commit/{sha}",
        "author": person(value.author),
        "committer": person(value.committer),
        "message": value.message,
        "tree": {"sha": value.tree, "url": f"{root}/git/trees/{value.tree}"},
        "parents": [_parent(world, repo, p) | {"url": f"{root}/git/commits/{p}"} for p in value.parents],
        "verification": dict(UNSIGNED),
    }


def pushed_commit(world: World, repo: Repository, sha: str) -> dict[str, Any]:
    """As a push event carries it."""
    git = world.git(repo)
    value = git.commit(sha)
    changes = git.changes(value.parents[0] if value.parents else EMPTY_TREE, sha)
    return {
        "id": sha,
        "tree_id": value.tree,
        "distinct": True,
        "message": value.message,
        "timestamp": iso(value.committer.when),
        "url": f"{html(world, repo)}/commit/{sha}",
        "author": _pusher(world, value.author),
        "committer": _pusher(world, value.committer),
        "added": [name for status, name, _ in changes if status in ("added", "copied", "renamed")],
        "removed": [old or name for status, name, old in changes if status in ("removed", "renamed")],
        "modified": [name for status, name, _ in changes if status in ("modified", "changed")],
    }


def simple_commit(value: Commit) -> dict[str, Any]:
    """As a check suite carries its head."""
    return {
        "id": value.sha,
        "tree_id": value.tree,
        "message": value.message,
        "timestamp": iso(value.committer.when),
        "author": {"name": value.author.name, "email": value.author.email},
        "committer": {"name": value.committer.name, "email": value.committer.email},
    }


def file(world: World, repo: Repository, sha: str, value: FileDiff) -> dict[str, Any]:
    """One changed file with its patch. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files"""
    path = quote(value.filename)
    body: dict[str, Any] = {
        "sha": value.sha,
        "filename": value.filename,
        "status": value.status,
        "additions": value.additions,
        "deletions": value.deletions,
        "changes": value.additions + value.deletions,
        "blob_url": f"{html(world, repo)}/blob/{sha}/{path}",
        "raw_url": f"{html(world, repo)}/raw/{sha}/{path}",
        "contents_url": f"{api(world, repo)}/contents/{path}?ref={sha}",
    }
    if value.patch is not None:
        body["patch"] = value.patch
    if value.previous_filename is not None:
        body["previous_filename"] = value.previous_filename
    return body


def ref(world: World, repo: Repository, name: str, sha: str) -> dict[str, Any]:
    kind = world.git(repo).kind(sha) or "commit"
    root = api(world, repo)
    return {
        "ref": name,
        "node_id": node("REF_kwDO", name),
        "url": f"{root}/git/{quote(name)}",
        "object": {"type": kind, "sha": sha, "url": f"{root}/git/{kind}s/{sha}"},
    }


def tree(world: World, repo: Repository, sha: str, entries: Sequence[Entry], truncated: bool) -> dict[str, Any]:
    root = api(world, repo)
    items: list[dict[str, Any]] = []
    for entry in entries:
        item: dict[str, Any] = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
        if entry.type == "blob":
            item["size"] = len(world.git(repo).blob(entry.sha))
        if entry.type != "commit":
            item["url"] = f"{root}/git/{entry.type}s/{entry.sha}"
        items.append(item)
    return {"sha": sha, "url": f"{root}/git/trees/{sha}", "tree": items, "truncated": truncated}


def branch(world: World, repo: Repository, name: str, sha: str) -> dict[str, Any]:
    """As the list shows it."""
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api(world, repo)}/commits/{sha}"},
        "protected": protection.protected(world, repo, name),
    }


def full_branch(world: World, repo: Repository, name: str, sha: str) -> dict[str, Any]:
    root = f"{api(world, repo)}/branches/{quote(name)}"
    return {
        "name": name,
        "commit": commit(world, repo, sha),
        "_links": {"self": root, "html": f"{html(world, repo)}/tree/{quote(name)}"},
        "protected": protection.protected(world, repo, name),
        "protection": protection.brief(world, repo, name),
        "protection_url": f"{root}/protection",
    }


def content(world: World, repo: Repository, entry: Entry, ref_name: str, listed: bool = False) -> dict[str, Any]:
    """A file with its text, or an item of a folder's list (`listed`). `entry.path` is the full path.
    https://docs.github.com/en/rest/repos/contents#get-repository-content"""
    root, page, path = api(world, repo), html(world, repo), quote(entry.path)
    kind = {DIRECTORY: "dir", SUBMODULE: "submodule", SYMLINK: "symlink"}.get(entry.mode, "file")
    data = world.git(repo).blob(entry.sha) if entry.type == "blob" else b""
    address = f"{root}/contents/{path}?ref={quote(ref_name)}"
    git_address = f"{root}/git/{entry.type}s/{entry.sha}"
    shown = f"{page}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref_name)}/{path}"
    body: dict[str, Any] = {
        "type": kind,
        "size": len(data),
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "url": address,
        "git_url": git_address,
        "html_url": shown,
        "download_url": f"{page}/raw/{quote(ref_name)}/{path}" if entry.type == "blob" else None,
        "_links": {"self": address, "git": git_address, "html": shown},
    }
    if not listed and kind == "symlink":
        body["target"] = data.decode("utf-8", "replace")
    elif not listed:
        # Between 1 and 100 MB only the raw form carries the text.
        small = len(data) <= 1_000_000
        body |= {
            "encoding": "base64" if small else "none",
            "content": base64.encodebytes(data).decode() if small else "",
        }
    return body


def person(value: Signature) -> dict[str, Any]:
    return {"name": value.name, "email": value.email, "date": iso(value.when)}


def _parent(world: World, repo: Repository, sha: str) -> dict[str, Any]:
    page = f"{html(world, repo)}/commit/{sha}"
    return {"sha": sha, "url": f"{api(world, repo)}/commits/{sha}", "html_url": page}


def _login(world: World, value: Signature) -> str | None:
    """The account behind a no-reply address, or of the name."""
    name = value.email.removesuffix("@users.noreply.github.com").rpartition("+")[2]
    for candidate in (name, value.name):
        if candidate.lower() in world.accounts:
            return world.accounts[candidate.lower()].login
    return None


def _account(world: World, value: Signature) -> dict[str, Any] | None:
    login = _login(world, value)
    return accounts.user(world, login) if login else None


def _pusher(world: World, value: Signature) -> dict[str, Any]:
    login = _login(world, value)
    body = {"name": value.name, "email": value.email, "date": iso(value.when)}
    return body | ({"username": login} if login else {})
