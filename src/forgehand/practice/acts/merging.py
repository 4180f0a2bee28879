"""Whether a pull request merges, and the three ways to merge it. Called by `routes.pulls` and `Forge`."""

from forgehand.practice import compare
from forgehand.practice.acts import checks, merge_refs, protection, pulls, refs
from forgehand.practice.acts.signing import signature
from forgehand.practice.errors import Refusal, invalid
from forgehand.practice.git import Signature
from forgehand.practice.records import Pull, Repository
from forgehand.practice.world import World

NOT_ALLOWED = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}
"""https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/about-merge-methods-on-github"""


def mergeability(world: World, pull: Pull) -> tuple[bool | None, str]:
    """`mergeable` and `mergeable_state`. With the quirk, whoever asks first gets None and `unknown`, and
    so does everybody until it is worked out.
    https://docs.github.com/en/graphql/reference/enums#mergestatestatus"""
    if pull.merged or pull.state == "closed":
        return None, "unknown"
    repo = world.repositories[pull.repo_id]
    base = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
    if base is None:
        return False, "dirty"
    if world.quirks.mergeable_null_first and not _worked_out(world, (pull.id, base, pull.head_sha)):
        return None, "unknown"
    if merge_refs.current(world, pull) is None:
        return False, "dirty"
    if pull.draft:
        return True, "draft"
    held = protection.blocks(world, pull)
    return True, held or ("unstable" if checks.failing(world, repo, pull.head_sha) else "clean")


def merge(
    world: World,
    pull: Pull,
    by: str,
    method: str = "merge",
    title: str | None = None,
    message: str | None = None,
    sha: str | None = None,
) -> str:
    """Merge for real and return the new tip of the base. Raises 405 and 409 as GitHub does.
    https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request"""
    if pull.state == "closed" or pull.draft:
        raise Refusal(405, "Pull Request is not mergeable")
    if sha is not None and sha != pull.head_sha:
        raise Refusal(409, f"Head branch was modified. Review and try the merge again. {pull.head_sha}")
    repo = world.repositories[pull.repo_id]
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    tree = git.merge_tree(base, pull.head_sha) if base else None
    if base is None or tree is None:
        raise Refusal(405, "Pull Request is not mergeable")
    if method in NOT_ALLOWED and method not in repo.merge_methods:
        raise Refusal(405, NOT_ALLOWED[method])
    protection.refuse_merge(world, pull, by, method)
    author = signature(world, by)
    hub = Signature("GitHub", "noreply@github.com", world.now())
    match method:
        case "merge":
            text = title or f"Merge pull request #{pull.number} from {world.head_owner(pull)}/{pull.head_ref}"
            text += f"\n\n{pull.title if message is None else message}"
            new = git.write_commit(tree, (base, pull.head_sha), text, author, hub)
        case "squash":
            text = title or f"{pull.title} (#{pull.number})"
            text += f"\n\n{_squashed(world, repo, pull) if message is None else message}"
            new = git.write_commit(tree, (base,), text.rstrip(), author, hub)
        case "rebase":
            new = _rebased(world, repo, pull, base, author)
        case _:
            raise invalid("PullRequest", "merge_method")
    pulls.mark_merged(world, pull, new, by)
    refs.move(world, repo, f"refs/heads/{pull.base_ref}", new, base, by)
    return new


def _worked_out(world: World, key: tuple[int, str, str]) -> bool:
    """Whether it was asked for long enough ago. Asking for the first time begins it."""
    asked = world.merge_asked.get(key)
    if asked is None:
        world.merge_asked[key] = world.now()
    return asked is not None and world.now() >= asked + world.quirks.mergeable_seconds


def _squashed(world: World, repo: Repository, pull: Pull) -> str:
    git = world.git(repo)
    messages = [git.commit(sha).message for sha in compare.commits(world, pull)]
    if len(messages) == 1:
        return messages[0].partition("\n")[2].strip()
    return "\n\n".join(f"* {message}" for message in messages)


def _rebased(world: World, repo: Repository, pull: Pull, base: str, committer: Signature) -> str:
    git, tip = world.git(repo), base
    for sha in git.commits_between(base, pull.head_sha):
        if len(git.commit(sha).parents) > 1:
            continue
        picked = git.pick(tip, sha, committer)
        if picked is None:
            raise Refusal(405, "This branch can't be rebased")
        tip = picked
    return tip
