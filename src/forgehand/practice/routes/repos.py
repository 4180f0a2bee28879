"""Repositories, branches and collaborators. https://docs.github.com/en/rest/repos"""

from forgehand.practice import render
from forgehand.practice.auth import permitted
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.router import Reply, Request, route


@route("GET", "/repos/{owner}/{repo}", "metadata:read")
def get_repository(request: Request) -> Reply:
    world, repo = request.world, request.repo
    if request.caller.kind == "user":
        held = world.permission(repo, request.caller.login)
        may = {"admin": held == "admin", "push": held in ("admin", "write"), "pull": True}
    else:
        may = {"admin": False, "push": permitted(request.caller, ["contents:write"]), "pull": True}
    return Reply(render.repos.full(world, repo, may | {"maintain": may["admin"], "triage": may["push"]}))


@route("GET", "/repos/{owner}/{repo}/branches", "contents:read")
def list_branches(request: Request) -> Reply:
    heads = request.world.git(request.repo).refs("refs/heads/")
    if request.query.get("protected") == "true":
        heads = []
    shown = [(name.removeprefix("refs/heads/"), sha) for name, sha in heads]
    return request.page(shown, lambda pair: render.git.branch(request.world, request.repo, *pair))


@route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read")
def get_branch(request: Request) -> Reply:
    name = request.params["branch"]
    sha = request.world.git(request.repo).ref(f"refs/heads/{name}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    return Reply(render.git.full_branch(request.world, request.repo, name, sha))


@route("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", "administration:read", user="admin")
def get_protection(request: Request) -> Reply:
    """https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection"""
    if request.world.git(request.repo).ref(f"refs/heads/{request.params['branch']}") is None:
        raise Refusal(404, "Branch not found")
    raise Refusal(404, "Branch not protected")


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def get_permission(request: Request) -> Reply:
    """https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""
    world, repo = request.world, request.repo
    login = request.params["username"]
    if login.lower() not in world.accounts:
        raise Refusal(404, f"{login} is not a user")
    held = world.permission(repo, login)
    user = render.accounts.user(world, login) | {
        "role_name": held,
        "permissions": {
            "admin": held == "admin",
            "maintain": held == "admin",
            "push": held in ("admin", "write"),
            "triage": held in ("admin", "write"),
            "pull": held != "none",
        },
    }
    return Reply({"permission": held, "role_name": held, "user": user})


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}", "metadata:read")
def check_collaborator(request: Request) -> Reply:
    world, login = request.world, request.params["username"]
    if (request.repo.id, login.lower()) in world.collaborators or login.lower() == request.repo.owner.lower():
        return Reply(status=204)
    raise not_found()
