"""What a pull request compares: its commits and the point where its diff begins. For `acts`, `render`, `routes`."""

from forgehand.practice.diffs import FileDiff
from forgehand.practice.records import Pull
from forgehand.practice.world import World


def commits(world: World, pull: Pull) -> list[str]:
    git = world.git(world.repositories[pull.repo_id])
    return git.commits_between(pull.base_sha, pull.head_sha)


def fork_point(world: World, pull: Pull, head: str | None = None) -> str:
    """Where the pull request's diff begins: the merge base, for GitHub compares with three dots.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/about-comparing-branches-in-pull-requests"""
    git = world.git(world.repositories[pull.repo_id])
    return git.merge_base(pull.base_sha, head or pull.head_sha) or pull.base_sha


def files(world: World, pull: Pull, head: str | None = None) -> list[FileDiff]:
    git = world.git(world.repositories[pull.repo_id])
    return git.diff(fork_point(world, pull, head), head or pull.head_sha)
