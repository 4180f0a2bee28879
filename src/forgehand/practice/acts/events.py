"""Tells the installed apps what happened: which event, to whom, with which payload.

Called by the other `acts`. Payloads: https://docs.github.com/en/webhooks/webhook-events-and-payloads
An app hears of an event if it subscribed to it, has the permission and reaches the repository.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from forgehand.practice import render
from forgehand.practice.records import App, CheckRun, CheckSuite, Installation, Repository
from forgehand.practice.world import World

NEEDS = {
    "push": ("contents",),
    "create": ("contents",),
    "delete": ("contents",),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
    "pull_request_review_thread": ("pull_requests",),
    "issue_comment": ("issues", "pull_requests"),
    "issues": ("issues",),
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "status": ("statuses",),
    "workflow_dispatch": ("contents",),
    "workflow_job": ("actions",),
    "workflow_run": ("actions",),
}


def emit(world: World, repo: Repository, event: str, sender: str, **fields: Any) -> None:
    """Send `event` to every app that may hear it."""
    for installation, app in _listeners(world, repo):
        if event in installation.events and any(installation.permissions.get(p) for p in NEEDS[event]):
            _send(world, app, installation, repo, event, sender, fields)


def heard(world: World, repo: Repository) -> bool:
    """Whether anybody would get an event of this repository; making one can cost a diff."""
    return any(app.webhook_url for _, app in _listeners(world, repo))


def emit_check(world: World, repo: Repository, event: str, sender: str, owner: App, **fields: Any) -> None:
    """Check events: an app with `checks: write` hears of its own without subscribing, and only the owner
    hears `requested` and `rerequested`.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_suite"""
    for installation, app in _listeners(world, repo):
        checks = installation.permissions.get("checks")
        own = app.id == owner.id and checks == "write"
        subscribed = event in installation.events and checks is not None
        if own or (subscribed and fields["action"] in ("created", "completed")):
            _send(world, app, installation, repo, event, sender, fields)


def check_run(world: World, repo: Repository, run: CheckRun, action: str, sender: str) -> None:
    rendered = render.checks.run(world, run) | {"check_suite": render.checks.suite(world, world.suites[run.suite_id])}
    emit_check(world, repo, "check_run", sender, world.apps[run.app_id], action=action, check_run=rendered)


def check_suite(world: World, repo: Repository, suite: CheckSuite, action: str, sender: str) -> None:
    rendered = render.checks.suite(world, suite)
    emit_check(world, repo, "check_suite", sender, world.apps[suite.app_id], action=action, check_suite=rendered)


def installation(world: World, value: Installation, action: str) -> None:
    """Every app hears of its own installations.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation"""
    app = world.apps[value.app_id]
    payload: dict[str, Any] = {
        "action": action,
        "installation": render.accounts.installation(world, value),
        "repositories": [_brief(repo) for repo in _reached(world, value)],
        "requester": None,
        "sender": render.accounts.user(world, value.account),
    }
    world.webhooks.send(app, "installation", payload)


def installation_repositories(world: World, value: Installation, action: str, ids: Sequence[int]) -> None:
    changed = [_brief(world.repositories[i]) for i in ids]
    payload: dict[str, Any] = {
        "action": action,
        "installation": render.accounts.installation(world, value),
        "repository_selection": "all" if value.repository_ids is None else "selected",
        "repositories_added": changed if action == "added" else [],
        "repositories_removed": changed if action == "removed" else [],
        "requester": None,
        "sender": render.accounts.user(world, value.account),
    }
    world.webhooks.send(world.apps[value.app_id], "installation_repositories", payload)


def ping(world: World, app: App) -> None:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping"""
    hook = {
        "type": "App",
        "id": app.hook_id,
        "name": "web",
        "active": True,
        "events": list(app.events),
        "config": render.hooks.config(app),
        "updated_at": render.iso(app.created),
        "created_at": render.iso(app.created),
        "app_id": app.id,
        "deliveries_url": f"{world.base_url}/app/hook/deliveries",
    }
    world.webhooks.send(app, "ping", {"zen": "Keep it logically awesome.", "hook_id": app.hook_id, "hook": hook})


def _listeners(world: World, repo: Repository) -> list[tuple[Installation, App]]:
    return [
        (value, world.apps[value.app_id])
        for value in world.installations.values()
        if value.suspended_at is None and repo.id in {r.id for r in _reached(world, value)}
    ]


def _send(
    world: World,
    app: App,
    value: Installation,
    repo: Repository,
    event: str,
    sender: str,
    fields: Mapping[str, Any],
) -> None:
    payload: dict[str, Any] = {
        **fields,
        "repository": fields.get("repository") or render.repos.event_repository(world, repo, event),
        "sender": render.accounts.user(world, sender),
        "installation": {"id": value.id, "node_id": render.node("MDIzOk", value.id)},
    }
    owner = world.account(repo.owner)
    if owner.type == "Organization":
        payload["organization"] = render.accounts.organization(world, owner.login)
    world.webhooks.send(app, event, payload)


def _reached(world: World, value: Installation) -> list[Repository]:
    return [
        repo
        for repo in world.repositories.values()
        if repo.owner.lower() == value.account.lower()
        and (value.repository_ids is None or repo.id in value.repository_ids)
    ]


def _brief(repo: Repository) -> dict[str, Any]:
    return {
        "id": repo.id,
        "node_id": render.node("R_kgDO", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }
