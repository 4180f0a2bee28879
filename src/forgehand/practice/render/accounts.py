"""Users, apps and installations."""

from typing import Any

from forgehand.practice.records import App, Installation, Repository
from forgehand.practice.render.links import node
from forgehand.practice.times import iso, iso_or_none
from forgehand.practice.world import World


def user(world: World, login: str) -> dict[str, Any]:
    """https://docs.github.com/en/rest/users/users; a bot's page is its app's."""
    account = world.account(login)
    name = account.login.replace("[", "%5B").replace("]", "%5D")
    api = f"{world.base_url}/users/{name}"
    page = f"{world.base_url}/{name}"
    if account.type == "Bot":
        page = f"{world.base_url}/apps/{account.login.removesuffix('[bot]')}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node("U_kgDO", account.id),
        "avatar_url": f"{world.base_url}/avatars/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": page,
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(world: World, login: str) -> dict[str, Any]:
    account = world.account(login)
    mine = [r for r in world.repositories.values() if r.owner == account.login and not r.private]
    return user(world, login) | {
        "name": account.login,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": len(mine),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": iso(account.created),
        "updated_at": iso(account.created),
    }


def organization(world: World, login: str) -> dict[str, Any]:
    account = world.account(login)
    api = f"{world.base_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node("O_kgDO", account.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{world.base_url}/avatars/{account.id}",
        "description": None,
    }


def app(world: World, value: App) -> dict[str, Any]:
    """https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app"""
    return {
        "id": value.id,
        "slug": value.slug,
        "client_id": value.client_id,
        "node_id": node("A_kwDO", value.id),
        "owner": user(world, value.owner),
        "name": value.name,
        "description": value.description,
        "external_url": value.external_url,
        "html_url": f"{world.base_url}/apps/{value.slug}",
        "created_at": iso(value.created),
        "updated_at": iso(value.created),
        "permissions": dict(value.permissions),
        "events": list(value.events),
    }


def own_app(world: World, value: App) -> dict[str, Any]:
    """As the app itself sees it."""
    count = sum(i.app_id == value.id for i in world.installations.values())
    return app(world, value) | {"installations_count": count}


def app_or_none(world: World, app_id: int | None) -> dict[str, Any] | None:
    return None if app_id is None else app(world, world.apps[app_id])


def installation(world: World, value: Installation) -> dict[str, Any]:
    """https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app"""
    account = world.account(value.account)
    owner = world.apps[value.app_id]
    return {
        "id": value.id,
        "client_id": owner.client_id,
        "account": user(world, value.account),
        "repository_selection": "all" if value.repository_ids is None else "selected",
        "access_tokens_url": f"{world.base_url}/app/installations/{value.id}/access_tokens",
        "repositories_url": f"{world.base_url}/installation/repositories",
        "html_url": f"{world.base_url}/settings/installations/{value.id}",
        "app_id": owner.id,
        "app_slug": owner.slug,
        "target_id": account.id,
        "target_type": account.type,
        "permissions": dict(value.permissions),
        "events": list(value.events),
        "created_at": iso(value.created),
        "updated_at": iso(value.created),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None if value.suspended_at is None else user(world, value.account),
        "suspended_at": iso_or_none(value.suspended_at),
    }


def association(world: World, repo: Repository, login: str) -> str:
    """What its author is to the repository: a contributor is who has had a pull request merged.
    https://docs.github.com/en/graphql/reference/enums#commentauthorassociation"""
    owner, name = repo.owner.lower(), login.lower()
    if name == owner:
        return "OWNER"
    if (owner, name) in world.members:
        return "MEMBER"
    if (repo.id, name) in world.collaborators:
        return "COLLABORATOR"
    contributed = any(pull.merged and pull.user.lower() == name for pull in world.pulls(repo))
    return "CONTRIBUTOR" if contributed else "NONE"
