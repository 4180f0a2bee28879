"""What a branch demands. https://docs.github.com/en/rest/branches/branch-protection and .../rest/repos/rules"""

from collections.abc import Mapping
from typing import Any

from forgehand.practice import render
from forgehand.practice.errors import Refusal
from forgehand.practice.records import Protection, RequiredCheck
from forgehand.practice.router import Reply, Request, route

PATH = "/repos/{owner}/{repo}/branches/{branch}/protection"
NOT_MODELLED = {
    "required_pull_request_reviews": ("require_code_owner_reviews", "require_last_push_approval"),
    "": ("restrictions", "block_creations", "allow_fork_syncing"),
}


@route("GET", PATH, "administration:read", user="admin")
def get_protection(request: Request) -> Reply:
    return Reply(render.protection.classic(request.world, request.repo, _branch(request), _current(request)))


@route("PUT", PATH, "administration:write", user="admin")
def set_protection(request: Request) -> Reply:
    """https://docs.github.com/en/rest/branches/branch-protection#update-branch-protection"""
    branch = _branch(request)
    value = _asked(request)
    request.world.protections[request.repo.id, branch] = value
    return Reply(render.protection.classic(request.world, request.repo, branch, value))


@route("DELETE", PATH, "administration:write", user="admin")
def delete_protection(request: Request) -> Reply:
    _current(request)
    del request.world.protections[request.repo.id, _branch(request)]
    return Reply(status=204)


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "metadata:read")
def list_rules(request: Request) -> Reply:
    """Of rulesets only; classic protection is not among them. The branch need not exist.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch"""
    here = (request.repo.id, request.params["branch"])
    found = [r for r in request.world.rulesets.values() if (r.repo_id, r.branch) == here]
    rules = [rule for ruleset in found for rule in render.protection.rules(request.repo, ruleset)]
    return request.page(rules, lambda rule: rule)


def _branch(request: Request) -> str:
    name = request.params["branch"]
    if request.world.git(request.repo).ref(f"refs/heads/{name}") is None:
        raise Refusal(404, "Branch not found")
    return name


def _current(request: Request) -> Protection:
    found = request.world.protections.get((request.repo.id, _branch(request)))
    if found is None:
        raise Refusal(404, "Branch not protected")
    return found


def _asked(request: Request) -> Protection:
    for name in ("required_status_checks", "required_pull_request_reviews", "enforce_admins", "restrictions"):
        if name not in request.body:
            raise Refusal(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    _refuse_unmodelled(request.body)
    checks = request.body["required_status_checks"]
    reviews = request.body["required_pull_request_reviews"]
    allowed = (reviews or {}).get("bypass_pull_request_allowances") or {}
    bots = [app.bot for app in request.world.apps.values() if app.slug in (allowed.get("apps") or ())]
    return Protection(
        checks=None if checks is None else _required(checks),
        strict=bool(checks and checks.get("strict")),
        approvals=None if reviews is None else int(reviews.get("required_approving_review_count") or 0),
        dismiss_stale=bool(reviews and reviews.get("dismiss_stale_reviews")),
        conversations=request.body.get("required_conversation_resolution") is True,
        linear=request.body.get("required_linear_history") is True,
        enforce_admins=request.body["enforce_admins"] is True,
        force_pushes=request.body.get("allow_force_pushes") is True,
        deletions=request.body.get("allow_deletions") is True,
        locked=request.body.get("lock_branch") is True,
        bypass=(*(allowed.get("users") or ()), *bots),
    )


def _required(given: Mapping[str, Any]) -> tuple[RequiredCheck, ...]:
    """`checks` win over the older `contexts`; an app id of -1 takes any app."""
    if given.get("checks"):
        named = [(str(item["context"]), item.get("app_id")) for item in given["checks"]]
        return tuple(RequiredCheck(context=name, app_id=None if app == -1 else app) for name, app in named)
    return tuple(RequiredCheck(context=str(name)) for name in given.get("contexts") or ())


def _refuse_unmodelled(body: Mapping[str, Any]) -> None:
    for place, names in NOT_MODELLED.items():
        section = (body.get(place) or {}) if place else body
        for name in names:
            if section.get(name):
                raise Refusal(501, f"{name} is not modelled by the practice forge")
