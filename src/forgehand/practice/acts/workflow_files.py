"""An app without `workflows: write` brings no change of a workflow file to a branch. Asked by the routes that move one.

https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/choosing-permissions-for-a-github-app
The page gives the rule; the sentence is GitHub's, and the status is the one of its other missing permissions.
"""

from forgehand.practice.auth import Caller, permitted
from forgehand.practice.errors import Refusal
from forgehand.practice.git import EMPTY_TREE
from forgehand.practice.records import Repository
from forgehand.practice.world import World

FOLDER = ".github/workflows/"


def refuse(world: World, repo: Repository, caller: Caller, old: str | None, new: str) -> None:
    """Raises a 403 if `new` differs from `old` (None: from the default branch) in a workflow file."""
    if caller.kind != "installation" or permitted(caller, ["workflows:write"]):
        return
    git = world.git(repo)
    tip = git.peel(new)
    default = git.resolve(repo.default_branch)
    if tip is None:
        return
    start = old or (default and git.merge_base(default, tip)) or EMPTY_TREE
    for _, name, previous in git.changes(start, tip):
        if FOLDER in (name[: len(FOLDER)], (previous or "")[: len(FOLDER)]):
            words = (
                f"refusing to allow a GitHub App to create or update workflow `{name}` without `workflows` permission"
            )
            raise Refusal(403, words)
