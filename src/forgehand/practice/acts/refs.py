"""A branch or tag moves, and what follows: push events, pull requests synchronized, merged or closed.

Every way to move a ref ends in `moved`: `Forge.commit`, the git data routes, merges and `git push`.
"""

from dataclasses import replace
from typing import Any

from forgehand.practice import objects, render
from forgehand.practice.acts import checks, events, protection, pulls, workflows
from forgehand.practice.errors import Refusal
from forgehand.practice.records import Repository
from forgehand.practice.world import World

ZEROS = "0" * 40
MOST_COMMITS = 2048
"""In a push event. https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""


def move(world: World, repo: Repository, ref: str, new: str | None, expected: str | None, by: str) -> None:
    """Set or delete a ref whose value was `expected`, then tell everybody. Raises a 422 on a race."""
    git = world.git(repo)
    if new is None:
        git.delete_ref(ref)
    else:
        try:
            git.set_ref(ref, new, expected)
        except objects.RefConflict as error:
            raise Refusal(422, "Reference cannot be updated") from error
    moved(world, repo, ref, expected, new, by)


def push(
    world: World, repo: Repository, ref: str, new: str | None, expected: str | None, by: str, status: int = 422
) -> None:
    """Move a ref as somebody whom the branch's protection may refuse, with `status`."""
    protection.refuse_update(world, repo, ref, new, by, status)
    move(world, repo, ref, new, expected, by)


def moved(world: World, repo: Repository, ref: str, old: str | None, new: str | None, by: str) -> None:
    """All that follows from a ref that went from `old` to `new` (None: absent)."""
    if old == new:
        return
    world.repositories[repo.id] = repo = replace(world.repositories[repo.id], pushed=world.now())
    _announce(world, repo, ref, old, new, by)
    branch = ref.removeprefix("refs/heads/")
    if branch == ref:
        _tagged(world, repo, ref, new, by)
        return
    pulls.base_moved(world, repo, branch, new, by)
    if new is not None:
        checks.request_suites(world, repo, new, branch, old, by)
        workflows.on_push(world, repo, ref, new, by)
    pulls.head_moved(world, repo, branch, new, by)


def _tagged(world: World, repo: Repository, ref: str, new: str | None, by: str) -> None:
    commit = world.git(repo).peel(new) if new and ref.startswith("refs/tags/") else None
    if commit:
        workflows.on_push(world, repo, ref, commit, by)


def _announce(world: World, repo: Repository, ref: str, old: str | None, new: str | None, by: str) -> None:
    kind = {"refs/heads/": "branch", "refs/tags/": "tag"}.get(ref[: ref.index("/", 5) + 1])
    if kind is None or not events.heard(world, repo):
        return
    if old is None or new is None:
        fields: dict[str, Any] = {"ref": ref.split("/", 2)[2], "ref_type": kind, "pusher_type": "user"}
        if old is None:
            fields |= {"master_branch": repo.default_branch, "description": repo.description}
        events.emit(world, repo, "create" if old is None else "delete", by, **fields)
    git = world.git(repo)
    tip = git.peel(new) if new else None
    commits = _new_commits(world, repo, old, tip) if tip else []
    user = world.account(by)
    events.emit(
        world,
        repo,
        "push",
        by,
        ref=ref,
        before=old or ZEROS,
        after=new or ZEROS,
        base_ref=None,
        compare=f"{render.html(world, repo)}/compare/{(old or ZEROS)[:12]}...{(new or ZEROS)[:12]}",
        created=old is None,
        deleted=new is None,
        forced=bool(old and tip and not git.is_ancestor(git.peel(old) or old, tip)),
        commits=[render.git.pushed_commit(world, repo, sha) for sha in commits[-MOST_COMMITS:]],
        head_commit=render.git.pushed_commit(world, repo, tip) if tip else None,
        pusher={"name": user.login, "email": f"{user.login}@users.noreply.github.com"},
    )


def _new_commits(world: World, repo: Repository, old: str | None, tip: str) -> list[str]:
    git = world.git(repo)
    start = old and git.peel(old)
    if start is None:
        start = git.resolve(repo.default_branch)
    return git.commits_between(start, tip) if start else list(reversed(git.history(tip)))
