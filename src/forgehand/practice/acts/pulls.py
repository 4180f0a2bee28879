"""Pull requests: opened, changed, synchronized, closed. Merging is in `merging`.

Called by `routes.pulls`, `Forge` and, when a branch moves, by `acts.refs`.
https://docs.github.com/en/rest/pulls/pulls
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from forgehand.practice import objects, render
from forgehand.practice.acts import checks, events, protection, reviews, workflows
from forgehand.practice.acts.limits import check_body
from forgehand.practice.errors import Refusal, invalid
from forgehand.practice.records import Pull, Repository
from forgehand.practice.world import World


def open_pull(
    world: World,
    repo: Repository,
    head: str,
    base: str,
    title: str,
    body: str | None,
    by: str,
    draft: bool = False,
    app_id: int | None = None,
    maintainer_can_modify: bool = True,
) -> Pull:
    """`head` is a branch, or OWNER:BRANCH of the repository or a fork of it. Raises GitHub's 422s."""
    check_body("PullRequest", body)
    head_repo, head_ref = _head(world, repo, head)
    head_sha = world.git(head_repo).ref(f"refs/heads/{head_ref}")
    base_sha = world.git(repo).ref(f"refs/heads/{base}")
    if not title.strip():
        raise invalid("PullRequest", "title", "missing_field")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    for pull in world.pulls(repo):
        if (pull.state, pull.head_repo_id, pull.head_ref, pull.base_ref) == ("open", head_repo.id, head_ref, base):
            text = f"A pull request already exists for {head_repo.owner}:{head_ref}."
            raise Refusal(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": text}])
    _bring(world, repo, head_repo, head_sha)
    git = world.git(repo)
    if git.merge_base(base_sha, head_sha) is None:
        text = f"The {head_ref} branch has no history in common with {base}"
        raise Refusal(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": text}])
    if not git.commits_between(base_sha, head_sha):
        text = f"No commits between {base} and {head_ref}"
        raise Refusal(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": text}])
    now = world.now()
    pull = Pull(
        id=world.new_id(),
        pull_id=world.new_id(),
        repo_id=repo.id,
        number=next_number(world, repo),
        title=title,
        body=body,
        user=world.account(by).login,
        created=now,
        updated=now,
        head_ref=head_ref,
        head_repo_id=head_repo.id,
        head_sha=head_sha,
        base_ref=base,
        base_sha=base_sha,
        draft=draft,
        app_id=app_id,
        maintainer_can_modify=maintainer_can_modify and head_repo.id != repo.id,
    )
    world.put(pull)
    _set_pull_ref(world, repo, pull)
    if head_repo.id != repo.id:
        checks.request_suites(world, repo, head_sha, None, None, by)
    announce(world, pull, "opened", by)
    return pull


def next_number(world: World, repo: Repository) -> int:
    """Issues and pull requests of a repository share one sequence."""
    return max((number for repo_id, number in world.threads if repo_id == repo.id), default=0) + 1


def announce(world: World, pull: Pull, action: str, by: str, **fields: Any) -> None:
    repo = world.repositories[pull.repo_id]
    if events.heard(world, repo):
        shown = {"number": pull.number, "pull_request": render.pulls.pull(world, pull)}
        events.emit(world, repo, "pull_request", by, action=action, **shown, **fields)
    workflows.on_pull(world, pull, action, by)


def change(
    world: World,
    pull: Pull,
    by: str,
    title: str | None = None,
    body: str | None = None,
    state: str | None = None,
    base: str | None = None,
) -> Pull:
    """https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request"""
    check_body("PullRequest", body)
    repo = world.repositories[pull.repo_id]
    before: dict[str, Any] = {}
    if title is not None and title != pull.title:
        before["title"] = {"from": pull.title}
    if body is not None and body != pull.body:
        before["body"] = {"from": pull.body or ""}
    changed = replace(pull, title=title or pull.title, body=pull.body if body is None else body, updated=world.now())
    if base is not None and base != pull.base_ref:
        sha = world.git(repo).ref(f"refs/heads/{base}")
        if sha is None:
            raise invalid("PullRequest", "base")
        before["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        changed = replace(changed, base_ref=base, base_sha=sha)
    world.put(changed)
    if before:
        announce(world, changed, "edited", by, changes=before)
    if state is not None and state != changed.state:
        changed = close(world, changed, by) if state == "closed" else _reopen(world, changed, by)
    return changed


def close(world: World, pull: Pull, by: str) -> Pull:
    closed = replace(pull, state="closed", closed=world.now(), closed_by=by, updated=world.now())
    world.put(closed)
    announce(world, closed, "closed", by)
    return closed


def ask_for_reviews(world: World, pull: Pull, logins: Sequence[str], by: str) -> Pull:
    """https://docs.github.com/en/rest/pulls/review-requests#request-reviewers-for-a-pull-request"""
    repo = world.repositories[pull.repo_id]
    for login in logins:
        if login.lower() == pull.user.lower():
            raise Refusal(422, "Review cannot be requested from pull request author.")
        known = (repo.id, login.lower()) in world.collaborators or login.lower() == repo.owner.lower()
        if not known and (repo.owner.lower(), login.lower()) not in world.members:
            words = "Reviews may only be requested from collaborators. One or more of the users or teams you"
            raise Refusal(422, f"{words} specified is not a collaborator of the {repo.full_name} repository.")
    return _set_reviewers(world, pull, [*pull.reviewers, *(world.account(login).login for login in logins)], by)


def withdraw_reviews(world: World, pull: Pull, logins: Sequence[str], by: str) -> Pull:
    gone = {login.lower() for login in logins}
    return _set_reviewers(world, pull, [login for login in pull.reviewers if login.lower() not in gone], by)


def set_draft(world: World, pull: Pull, draft: bool, by: str) -> Pull:
    changed = replace(pull, draft=draft, updated=world.now())
    world.put(changed)
    announce(world, changed, "converted_to_draft" if draft else "ready_for_review", by)
    return changed


def head_moved(world: World, repo: Repository, branch: str, new: str | None, by: str) -> None:
    """The pull requests from a branch follow it; a deleted branch closes them."""
    heads = [t for t in list(world.threads.values()) if isinstance(t, Pull) and t.state == "open"]
    for pull in heads:
        if (pull.head_repo_id, pull.head_ref) != (repo.id, branch) or pull.repo_id not in world.repositories:
            continue
        if new is None:
            close(world, pull, by)
            continue
        target = world.repositories[pull.repo_id]
        _bring(world, target, repo, new)
        base = world.git(target).ref(f"refs/heads/{pull.base_ref}") or pull.base_sha
        changed = replace(pull, head_sha=new, base_sha=base, updated=world.now())
        world.put(changed)
        _set_pull_ref(world, target, changed)
        if target.id != repo.id:
            checks.request_suites(world, target, new, None, pull.head_sha, by)
        announce(world, changed, "synchronize", by, before=pull.head_sha, after=new)
        if any(guard.demands.dismiss_stale for guard in protection.guards(world, target, pull.base_ref)):
            reviews.dismiss_stale(world, changed, by)


def base_moved(world: World, repo: Repository, branch: str, new: str | None, by: str) -> None:
    """A push that brings a pull request's commits to its base merges it; a deleted base closes those that are open
    into it. (GitHub's own button, below a merged pull request, gives them another base instead.)
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges#indirect-merges"""
    git = world.git(repo)
    for pull in list(world.pulls(repo)):
        if pull.state != "open" or pull.base_ref != branch:
            continue
        if new is None:
            close(world, pull, by)
        elif git.is_ancestor(pull.head_sha, new):
            mark_merged(world, pull, new, by)


def mark_merged(world: World, pull: Pull, sha: str, by: str) -> None:
    now = world.now()
    merged = replace(
        pull,
        state="closed",
        closed=now,
        closed_by=by,
        merged=now,
        merged_by=world.account(by).login,
        merge_commit_sha=sha,
        updated=now,
    )
    world.put(merged)
    announce(world, merged, "closed", by)


def _set_reviewers(world: World, pull: Pull, logins: Sequence[str], by: str) -> Pull:
    changed = replace(pull, reviewers=tuple(dict.fromkeys(logins)), updated=world.now())
    world.put(changed)
    added = [login for login in changed.reviewers if login not in pull.reviewers]
    removed = [login for login in pull.reviewers if login not in changed.reviewers]
    for action, names in (("review_requested", added), ("review_request_removed", removed)):
        for login in names:
            announce(world, changed, action, by, requested_reviewer=render.accounts.user(world, login))
    return changed


def _head(world: World, repo: Repository, head: str) -> tuple[Repository, str]:
    owner, colon, branch = head.partition(":")
    if not colon:
        return repo, head
    if owner.lower() == repo.owner.lower():
        return repo, branch
    for other in world.repositories.values():
        if other.fork_of == repo.id and other.owner.lower() == owner.lower():
            return other, branch
    raise invalid("PullRequest", "head")


def _bring(world: World, repo: Repository, head_repo: Repository, sha: str) -> None:
    """The base repository holds the commits of pull requests from forks, too."""
    if head_repo.id != repo.id and world.git(repo).kind(sha) is None:
        objects.git(repo.path, "fetch", "--quiet", "--no-tags", str(head_repo.path), sha)


def _set_pull_ref(world: World, repo: Repository, pull: Pull) -> None:
    # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally
    git, name = world.git(repo), f"refs/pull/{pull.number}/head"
    git.set_ref(name, pull.head_sha, git.ref(name))


def _reopen(world: World, pull: Pull, by: str) -> Pull:
    """It takes in what came to its branch meanwhile, unless that does not go on from what it was.
    https://github.com/isaacs/github/issues/361"""
    repo, source = world.repositories[pull.repo_id], world.repositories.get(pull.head_repo_id)
    head = world.git(source).ref(f"refs/heads/{pull.head_ref}") if source else None
    if pull.merged:
        raise _not_reopened("The pull request cannot be reopened.")
    if source is None or head is None:
        raise _not_reopened(f"The {pull.head_ref} branch has been deleted.")
    if world.git(repo).ref(f"refs/heads/{pull.base_ref}") is None:
        raise _not_reopened(f"The {pull.base_ref} branch has been deleted.")
    _bring(world, repo, source, head)
    if not world.git(repo).is_ancestor(pull.head_sha, head):
        raise _not_reopened(f"The {pull.head_ref} branch was force-pushed or recreated.")
    opened = replace(pull, state="open", closed=None, closed_by=None, head_sha=head, updated=world.now())
    world.put(opened)
    _set_pull_ref(world, repo, opened)
    announce(world, opened, "reopened", by)
    return opened


def _not_reopened(why: str) -> Refusal:
    return invalid("PullRequest", "state", "invalid", f"state cannot be changed. {why}")
