"""One branch is merged into another: `merges` by name, and a pull request's branch brought up to date.

Called by `routes.merges`. https://docs.github.com/en/rest/branches/branches#merge-a-branch
"""

import logging

from forgehand.practice import objects
from forgehand.practice.acts import refs
from forgehand.practice.acts.signing import signature
from forgehand.practice.errors import Refusal
from forgehand.practice.git import Signature
from forgehand.practice.records import Pull, Repository
from forgehand.practice.world import World

log = logging.getLogger(__name__)


def merge(world: World, repo: Repository, base: str, head: str, message: str | None, by: str) -> str | None:
    """The merge commit that is now the tip of `base`, or None where it holds `head` already."""
    git = world.git(repo)
    tip, other = git.ref(f"refs/heads/{base}"), git.resolve(head)
    if tip is None:
        raise Refusal(404, "Base does not exist")
    if other is None:
        raise Refusal(404, "Head does not exist")
    if git.is_ancestor(other, tip):
        return None
    new = _merged(world, repo, tip, other, message or f"Merge {head} into {base}", by)
    if new is None:
        raise Refusal(409, "Merge conflict")
    refs.push(world, repo, f"refs/heads/{base}", new, tip, by, status=409)
    return new


def update(world: World, pull: Pull, expected: str | None, by: str) -> None:
    """Merge the base into the head, after the answer. What is asked is checked now; a head that moves meanwhile
    leaves it undone. https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch"""
    repo = world.repositories[pull.repo_id]
    if expected is not None and expected != pull.head_sha:
        raise Refusal(422, "expected head sha didn't match current head ref.")
    base = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
    if pull.state == "closed" or base is None:
        raise Refusal(422, "Pull request is closed")
    if world.git(repo).is_ancestor(base, pull.head_sha):
        raise Refusal(422, "There are no new commits on the base branch.")
    if world.git(repo).merge_tree(base, pull.head_sha) is None:
        raise Refusal(422, "merge conflict between base and head")
    if world.quirks.late_seconds > 0:
        world.later.hold(lambda: _update(world, pull, base, by), world.quirks.late_seconds)
    else:
        _update(world, pull, base, by)


def _update(world: World, pull: Pull, base: str, by: str) -> None:
    with world.lock:
        head_repo = world.repositories.get(pull.head_repo_id)
        if head_repo is None:
            return
        if head_repo.id != pull.repo_id:
            source = world.repositories[pull.repo_id].path
            objects.git(head_repo.path, "fetch", "--quiet", "--no-tags", str(source), base)
        words = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
        new = _merged(world, head_repo, pull.head_sha, base, words, by)
        try:
            refs.push(world, head_repo, f"refs/heads/{pull.head_ref}", new, pull.head_sha, by)
        except Refusal as refusal:
            log.info("%s/pull/%s was not updated: %s", head_repo.full_name, pull.number, refusal)


def _merged(world: World, repo: Repository, tip: str, other: str, message: str, by: str) -> str | None:
    git = world.git(repo)
    tree = git.merge_tree(tip, other)
    hub = Signature("GitHub", "noreply@github.com", world.now())
    return tree and git.write_commit(tree, (tip, other), message, signature(world, by), hub)
