"""Repositories, branches and collaborators. https://docs.github.com/en/rest/repos"""

from forgehand.practice import auth, render
from forgehand.practice.auth import permitted
from forgehand.practice.errors import Refusal, not_found, requires_authentication
from forgehand.practice.router import Reply, Request, route


@route("GET", "/repos/{owner}/{repo}", "metadata:read")
def get_repository(request: Request) -> Reply:
    world, repo = request.world, request.repo
    if request.caller.kind == "user":
        may = _permissions(world.role(repo, request.caller.login))
    else:
        push = permitted(request.caller, ["contents:write"])
        may = {"admin": False, "maintain": False, "push": push, "triage": push, "pull": True}
    return Reply(render.repos.full(world, repo, may))


@route("GET", "/user/repos")
def list_own_repositories(request: Request) -> Reply:
    """Those that a person owns or collaborates on, by name.
    https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user"""
    world, login = request.world, request.caller.login.lower()
    if request.caller.kind == "anonymous":
        raise requires_authentication()
    if request.caller.kind != "user":
        raise Refusal(403, "Resource not accessible by integration")
    own = [r for r in world.repositories.values() if r.owner.lower() == login or (r.id, login) in world.collaborators]
    if request.caller.signed_in:
        raise Refusal(501, "the repositories of whoever signed in with an app are not modelled by the practice forge")
    return request.page(
        sorted(own, key=lambda repo: repo.full_name.lower()), lambda repo: render.repos.repository(world, repo)
    )


@route("GET", "/repos/{owner}/{repo}/branches", "contents:read")
def list_branches(request: Request) -> Reply:
    heads = request.world.git(request.repo).refs("refs/heads/")
    shown = [(name.removeprefix("refs/heads/"), sha) for name, sha in heads]
    if asked := request.query.get("protected"):
        want = asked == "true"
        shown = [pair for pair in shown if render.protection.protected(request.world, request.repo, pair[0]) == want]
    return request.page(shown, lambda pair: render.git.branch(request.world, request.repo, *pair))


@route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read")
def get_branch(request: Request) -> Reply:
    name = request.params["branch"]
    sha = request.world.git(request.repo).ref(f"refs/heads/{name}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    return Reply(render.git.full_branch(request.world, request.repo, name, sha))


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def get_permission(request: Request) -> Reply:
    """https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""
    world, repo = request.world, request.repo
    login = request.params["username"]
    if login.lower() not in world.accounts or world.account(login).type != "User":
        # Also for an app's bot and for an organization.
        raise Refusal(404, f"{login} is not a user")
    held, role = world.permission(repo, login), world.role(repo, login)
    user = render.accounts.user(world, login) | {"role_name": role, "permissions": _permissions(role)}
    return Reply({"permission": held, "role_name": role, "user": user})


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}", "metadata:read")
def check_collaborator(request: Request) -> Reply:
    world, login = request.world, request.params["username"]
    if (request.repo.id, login.lower()) in world.collaborators or login.lower() == request.repo.owner.lower():
        return Reply(status=204)
    raise not_found()


def _permissions(role: str) -> dict[str, bool]:
    held = auth.LEVELS[role]
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {name: held >= auth.LEVELS[level] for name, level in names.items()}
