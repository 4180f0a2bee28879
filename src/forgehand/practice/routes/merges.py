"""Merging one branch into another, and a base into its pull request. https://docs.github.com/en/rest/branches/branches"""

from forgehand.practice import render
from forgehand.practice.acts import branches, workflow_files
from forgehand.practice.auth import LEVELS, authorize, permitted, reaches
from forgehand.practice.errors import Refusal, forbidden
from forgehand.practice.records import Pull
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.pulls import pull_of


@route("POST", "/repos/{owner}/{repo}/merges", "contents:write")
def merge_branch(request: Request) -> Reply:
    """204 where the base holds the head already."""
    world, repo, by = request.world, request.repo, request.caller.login
    base, head = request.need_text("base"), request.need_text("head")
    git = world.git(repo)
    tip, other = git.ref(f"refs/heads/{base}"), git.resolve(head)
    if tip and other:
        workflow_files.refuse(world, repo, request.caller, git.merge_base(tip, other), other)
    sha = branches.merge(world, repo, base, head, request.text("commit_message"), by)
    if sha is None:
        return Reply(status=204)
    return Reply(render.git.commit(world, repo, sha), 201)


@route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/update-branch", "pull_requests:write")
def update_branch(request: Request) -> Reply:
    """ "You must also have permissions to write the contents of the head repository."
    https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch"""
    pull = pull_of(request)
    _check_writes_head(request, pull)
    base = request.world.git(request.repo).ref(f"refs/heads/{pull.base_ref}")
    if base is not None:
        workflow_files.refuse(request.world, request.repo, request.caller, _fork_point(request, pull, base), base)
    branches.update(request.world, pull, request.text("expected_head_sha"), request.caller.login)
    address = f"{render.html(request.world, request.repo)}/pull/{pull.number}"
    return Reply({"message": "Updating pull request branch.", "url": address}, 202)


def _check_writes_head(request: Request, pull: Pull) -> None:
    """A person may also write to a fork's branch whose owner lets maintainers edit it; an app may not.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/working-with-forks/allowing-changes-to-a-pull-request-branch-created-from-a-fork"""
    world, caller = request.world, request.caller
    head = world.repositories.get(pull.head_repo_id)
    if head is None:
        raise Refusal(422, "Head repository does not exist")
    if caller.kind == "installation":
        if not reaches(world, caller, head) or not permitted(caller, ["contents:write"]):
            raise forbidden("contents=write; pull_requests=write")
        return
    maintains = LEVELS[world.role(request.repo, caller.login)] >= LEVELS["write"]
    if not (pull.maintainer_can_modify and maintains):
        authorize(world, caller, head, (), "write", reading=False)


def _fork_point(request: Request, pull: Pull, base: str) -> str | None:
    return request.world.git(request.repo).merge_base(base, pull.head_sha)
