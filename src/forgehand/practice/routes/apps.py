"""The app about itself, its installations and tokens. https://docs.github.com/en/rest/apps"""

from dataclasses import replace

from forgehand.practice import render
from forgehand.practice.acts import accounts
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import App, Installation
from forgehand.practice.router import Reply, Request, route


@route("GET", "/app", caller="app")
def get_app(request: Request) -> Reply:
    return Reply(render.accounts.own_app(request.world, app_of(request)))


@route("GET", "/app/installations", caller="app")
def list_installations(request: Request) -> Reply:
    mine = [i for i in request.world.installations.values() if i.app_id == app_of(request).id]
    return request.page(mine, lambda i: render.accounts.installation(request.world, i))


@route("GET", "/app/installations/{installation_id}", caller="app")
def get_installation(request: Request) -> Reply:
    return Reply(render.accounts.installation(request.world, _installation(request)))


@route("GET", "/repos/{owner}/{repo}/installation", caller="app")
def repository_installation(request: Request) -> Reply:
    for value in request.world.installations.values():
        reached = accounts.reached(request.world, value)
        if value.app_id == app_of(request).id and request.repo.id in {r.id for r in reached}:
            return Reply(render.accounts.installation(request.world, value))
    raise not_found()


@route("GET", "/orgs/{org}/installation", caller="app")
def organization_installation(request: Request) -> Reply:
    return _account_installation(request, request.params["org"], "Organization")


@route("GET", "/users/{username}/installation", caller="app")
def user_installation(request: Request) -> Reply:
    return _account_installation(request, request.params["username"], None)


@route("POST", "/app/installations/{installation_id}/access_tokens", caller="app")
def create_token(request: Request) -> Reply:
    """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
    value, body = _installation(request), request.body
    permissions, names, ids = body.get("permissions"), body.get("repositories"), body.get("repository_ids")
    token = accounts.create_installation_token(request.world, value, permissions, names, ids)
    selection = "all" if value.repository_ids is None and token.repository_ids is None else "selected"
    shown = token.repository_ids if token.repository_ids is not None else value.repository_ids
    chosen = None if shown is None else [request.world.repositories[i] for i in shown]
    return Reply(render.tokens.token(request.world, token, selection, chosen), 201)


@route("GET", "/installation/repositories", caller="installation")
def list_repositories(request: Request) -> Reply:
    token = request.caller.token
    assert token
    assert token.installation_id
    value = request.world.installations[token.installation_id]
    reached = [
        repo
        for repo in accounts.reached(request.world, value)
        if token.repository_ids is None or repo.id in token.repository_ids
    ]
    reply = request.page(reached, lambda r: render.repos.repository(request.world, r), "repositories")
    reply.body["repository_selection"] = "all" if value.repository_ids is None else "selected"
    return reply


@route("DELETE", "/installation/token", caller="installation")
def revoke_token(request: Request) -> Reply:
    token = request.caller.token
    assert token
    request.world.tokens[token.value] = replace(token, revoked=True)
    return Reply(status=204)


def app_of(request: Request) -> App:
    """The app whose JWT this is; `api` let nobody else in."""
    assert request.caller.app
    return request.caller.app


def _installation(request: Request) -> Installation:
    found = request.world.installations.get(request.number("installation_id"))
    if found is None or found.app_id != app_of(request).id:
        raise not_found()
    return found


def _account_installation(request: Request, login: str, kind: str | None) -> Reply:
    account = request.world.account(login)
    if kind and account.type != kind:
        raise Refusal(404, "Not Found")
    for value in request.world.installations.values():
        if value.app_id == app_of(request).id and value.account == account.login:
            return Reply(render.accounts.installation(request.world, value))
    raise not_found()
