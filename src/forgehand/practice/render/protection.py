"""Branch protection and the rules of rulesets. https://docs.github.com/en/rest/branches/branch-protection"""

from typing import Any
from urllib.parse import quote

from forgehand.practice.records import Protection, Repository, Ruleset
from forgehand.practice.render import accounts
from forgehand.practice.render.links import api
from forgehand.practice.world import World


def protected(world: World, repo: Repository, branch: str) -> bool:
    """Rulesets count, too."""
    ruled = any((r.repo_id, r.branch) == (repo.id, branch) for r in world.rulesets.values())
    return ruled or (repo.id, branch) in world.protections


def brief(world: World, repo: Repository, branch: str) -> dict[str, Any]:
    """The part of a branch that everybody with `contents: read` sees: classic protection only.
    https://docs.github.com/en/rest/branches/branches#get-a-branch"""
    value = world.protections.get((repo.id, branch))
    checks: dict[str, Any] = {"enforcement_level": "off", "contexts": [], "checks": []}
    if value is not None and value.checks is not None:
        checks = _checks(value) | {"enforcement_level": _level(value)}
    return {"enabled": value is not None, "required_status_checks": checks}


def classic(world: World, repo: Repository, branch: str, value: Protection) -> dict[str, Any]:
    root = f"{api(world, repo)}/branches/{quote(branch)}/protection"
    body: dict[str, Any] = {
        "url": root,
        "required_signatures": {"url": f"{root}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{root}/enforce_admins", "enabled": value.enforce_admins},
        "required_linear_history": {"enabled": value.linear},
        "allow_force_pushes": {"enabled": value.force_pushes},
        "allow_deletions": {"enabled": value.deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": value.conversations},
        "lock_branch": {"enabled": value.locked},
        "allow_fork_syncing": {"enabled": False},
    }
    if value.checks is not None:
        body["required_status_checks"] = _checks(value) | {
            "url": f"{root}/required_status_checks",
            "strict": value.strict,
            "contexts_url": f"{root}/required_status_checks/contexts",
        }
    if value.approvals is not None:
        body["required_pull_request_reviews"] = _reviews(world, f"{root}/required_pull_request_reviews", value)
    return body


def rules(repo: Repository, value: Ruleset) -> list[dict[str, Any]]:
    """The active rules of one ruleset, each with where it comes from.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch"""
    demands = value.demands
    found: list[dict[str, Any]] = []
    if demands.checks:
        asked = [{"context": c.context} | ({"integration_id": c.app_id} if c.app_id else {}) for c in demands.checks]
        parameters = {
            "required_status_checks": asked,
            "strict_required_status_checks_policy": demands.strict,
            "do_not_enforce_on_create": False,
        }
        found.append({"type": "required_status_checks", "parameters": parameters})
    if demands.approvals is not None:
        found.append({"type": "pull_request", "parameters": _pull_request(demands)})
    switches = {
        "required_linear_history": demands.linear,
        "non_fast_forward": not demands.force_pushes,
        "deletion": not demands.deletions,
    }
    found += [{"type": name} for name, on in switches.items() if on]
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": value.id}
    return [rule | source for rule in found]


def _checks(value: Protection) -> dict[str, Any]:
    found = value.checks or ()
    return {
        "contexts": [c.context for c in found],
        "checks": [{"context": c.context, "app_id": c.app_id} for c in found],
    }


def _level(value: Protection) -> str:
    return "everyone" if value.enforce_admins else "non_admins"


def _reviews(world: World, url: str, value: Protection) -> dict[str, Any]:
    body: dict[str, Any] = {
        "url": url,
        "dismiss_stale_reviews": value.dismiss_stale,
        "require_code_owner_reviews": False,
        "require_last_push_approval": False,
        "required_approving_review_count": value.approvals,
    }
    if value.bypass:
        apps = [app for login in value.bypass if (app := world.app_of(login))]
        people = [login for login in value.bypass if world.app_of(login) is None]
        body["bypass_pull_request_allowances"] = {
            "users": [accounts.user(world, login) for login in people],
            "teams": [],
            "apps": [accounts.app(world, app) for app in apps],
        }
    return body


def _pull_request(demands: Protection) -> dict[str, Any]:
    return {
        "required_approving_review_count": demands.approvals,
        "dismiss_stale_reviews_on_push": demands.dismiss_stale,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": demands.conversations,
        "allowed_merge_methods": ["squash", "rebase"] if demands.linear else ["merge", "squash", "rebase"],
    }
