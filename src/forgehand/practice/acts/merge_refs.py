"""The test merge of a pull request, `refs/pull/N/merge`: whether its sides conflict, and what its workflows run on.

Called by `merging`, when somebody asks whether it merges, and by `workflows`, when something happens to it.
https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
"""

from forgehand.practice.acts.signing import signature
from forgehand.practice.records import Pull
from forgehand.practice.world import World


def current(world: World, pull: Pull) -> str | None:
    """The merge of its base and head as they are now, made if the ref has another one. None where they conflict or the
    base is gone; then the ref stays where it was: https://github.com/katbyte/tctest/pull/110"""
    git = world.git(world.repositories[pull.repo_id])
    base = git.ref(f"refs/heads/{pull.base_ref}")
    tree = git.merge_tree(base, pull.head_sha) if base else None
    if base is None or tree is None:
        return None
    last = git.ref(pull.merge_ref)
    if last and git.commit(last).parents == (base, pull.head_sha):
        return last
    author = signature(world, pull.user)
    made = git.write_commit(tree, (base, pull.head_sha), f"Merge {pull.head_sha} into {base}", author, author)
    git.set_ref(pull.merge_ref, made, last)
    return made
