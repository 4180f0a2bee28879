"""Who belongs to an organization and to its teams.

https://docs.github.com/en/rest/orgs/members, https://docs.github.com/en/rest/teams/members
"""

from forgehand.practice import render
from forgehand.practice.auth import check_organization
from forgehand.practice.errors import Refusal, not_found, requires_authentication
from forgehand.practice.router import Reply, Request, route


@route("GET", "/user/memberships/orgs/{org}")
def own_membership(request: Request) -> Reply:
    world, login = request.world, _person(request)
    organization = world.account(request.params["org"])
    check_organization(world, request.caller, organization.login, ["members:read"])
    if (organization.login.lower(), login.lower()) not in world.members:
        raise not_found()
    return Reply(
        {
            "url": f"{world.base_url}/orgs/{organization.login}/memberships/{login}",
            "state": "active",
            "role": "member",
            "organization_url": f"{world.base_url}/orgs/{organization.login}",
            "organization": render.accounts.organization(world, organization.login),
            "user": render.accounts.user(world, login),
        }
    )


@route("GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}")
def team_membership(request: Request) -> Reply:
    """GitHub shows teams to members of the organization only."""
    world, asking = request.world, _person(request)
    org, team, login = (request.params[name].lower() for name in ("org", "team_slug", "username"))
    check_organization(world, request.caller, org, ["members:read"])
    if (org, asking.lower()) not in world.members or (org, team, login) not in world.teams:
        raise not_found()
    url = f"{world.base_url}/organizations/{world.account(org).id}/team/{team}/memberships/{login}"
    return Reply({"url": url, "role": "member", "state": "active"})


def _person(request: Request) -> str:
    if request.caller.kind == "anonymous":
        raise requires_authentication()
    if request.caller.kind != "user":
        raise Refusal(403, "Resource not accessible by integration")
    return request.caller.login
