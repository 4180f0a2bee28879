"""Accounts, tokens, apps, installations and repositories come to be. Called by `Forge`, `routes` and `manifest`."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from forgehand.practice import keys, objects
from forgehand.practice.acts import events
from forgehand.practice.errors import Refusal
from forgehand.practice.records import Account, App, Installation, Label, Repository, Token
from forgehand.practice.world import World

TOKEN_SECONDS = 3600
LEVELS = {"read": 1, "write": 2, "admin": 3}
RESERVED = {
    "api", "app", "app-manifests", "apps", "emojis", "enterprises", "events", "feeds", "gists", "gitignore",
    "graphql", "installation", "issues", "licenses", "login", "markdown", "marketplace_listing", "meta", "networks",
    "notifications", "octocat", "organizations", "orgs", "projects", "rate_limit", "repos", "repositories", "search",
    "settings", "teams", "user", "users", "versions", "zen", "advisories", "assignments", "classrooms",
    "codes_of_conduct",
}  # fmt: skip


def create_user(world: World, login: str, type: str = "User") -> Account:
    """Make an account, or return the one that has the login."""
    if login.lower() in RESERVED:
        raise ValueError(f"{login} is a word of the API's own paths")
    known = world.accounts.get(login.lower())
    if known is None:
        known = Account(id=world.new_id(), login=login, type=type, created=world.now())
        world.accounts[login.lower()] = known
    return known


def create_user_token(
    world: World,
    login: str,
    permissions: Mapping[str, str] | None = None,
    repository_ids: Sequence[int] | None = None,
) -> str:
    """A classic token with all that its user may do, or, with `permissions`, a fine-grained one.
    https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"""
    user = world.account(login)
    fine = permissions is not None
    value = f"github_pat_{secrets.token_hex(11)}_{secrets.token_hex(29)}" if fine else "ghp_" + secrets.token_hex(18)
    ids = None if repository_ids is None else tuple(repository_ids)
    held = {**(permissions or {}), "metadata": "read"} if fine else {}
    world.tokens[value] = Token(value=value, user=user.login, permissions=held, repository_ids=ids)
    return value


def create_app(
    world: World,
    slug: str,
    permissions: Mapping[str, str],
    events_wanted: Sequence[str],
    webhook_url: str | None,
    webhook_secret: str,
    owner: str | None = None,
    name: str | None = None,
    external_url: str | None = None,
    description: str | None = None,
    callback_urls: Sequence[str] = (),
) -> App:
    if any(app.slug == slug for app in world.apps.values()):
        raise ValueError(f"there is an app {slug} already")
    owner = create_user(world, owner or "forge-admin").login
    app = App(
        id=world.new_id(),
        slug=slug,
        name=name or slug,
        owner=owner,
        client_id="Iv23li" + secrets.token_hex(7),
        client_secret=secrets.token_hex(20),
        private_key=keys.private_key(len(world.apps)),
        permissions=dict(permissions) | {"metadata": "read"},
        events=tuple(events_wanted),
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        external_url=external_url or f"{world.base_url}/apps/{slug}",
        description=description,
        created=world.now(),
        hook_id=world.new_id(),
        callback_urls=tuple(callback_urls),
    )
    world.apps[app.id] = app
    create_user(world, app.bot, type="Bot")
    return app


def install(
    world: World,
    app: App,
    account: str,
    repositories: Sequence[str] | None = None,
    permissions: Mapping[str, str] | None = None,
) -> Installation:
    """Install an app on an account. `repositories` are names without the owner; None means all, also later
    ones. `permissions` may lag behind the app's, as long as the owner has not accepted new ones."""
    owner = create_user(world, account)
    ids = None if repositories is None else tuple(_own(world, owner.login, name).id for name in repositories)
    installation = Installation(
        id=world.new_id(),
        app_id=app.id,
        account=owner.login,
        repository_ids=ids,
        permissions=dict(app.permissions if permissions is None else permissions) | {"metadata": "read"},
        events=app.events,
        created=world.now(),
    )
    world.installations[installation.id] = installation
    events.installation(world, installation, "created")
    return installation


def select_repositories(world: World, installation: Installation, names: Sequence[str]) -> Installation:
    """Change which repositories an installation reaches; tells the app what came and went."""
    before = {repo.id for repo in reached(world, installation)}
    ids = tuple(_own(world, installation.account, name).id for name in names)
    changed = replace(installation, repository_ids=ids)
    world.installations[installation.id] = changed
    for action, difference in (("added", set(ids) - before), ("removed", before - set(ids))):
        if difference:
            events.installation_repositories(world, changed, action, sorted(difference))
    return changed


def suspend(world: World, installation: Installation, suspended: bool = True) -> Installation:
    changed = replace(installation, suspended_at=world.now() if suspended else None)
    world.installations[installation.id] = changed
    events.installation(world, changed, "suspend" if suspended else "unsuspend")
    return changed


def uninstall(world: World, installation: Installation) -> None:
    events.installation(world, installation, "deleted")
    del world.installations[installation.id]


def reached(world: World, installation: Installation) -> list[Repository]:
    """The repositories of an installation, oldest first."""
    return [
        repo
        for repo in world.repositories.values()
        if repo.owner.lower() == installation.account.lower()
        and (installation.repository_ids is None or repo.id in installation.repository_ids)
    ]


def create_installation_token(
    world: World,
    installation: Installation,
    permissions: Mapping[str, str] | None,
    names: Sequence[str] | None,
    ids: Sequence[int] | None,
) -> Token:
    """A token for an hour, with no more than the installation has.
    https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
    if installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    granted = installation.permissions
    for name, level in (permissions or {}).items():
        if level not in LEVELS or LEVELS[level] > LEVELS.get(granted.get(name, ""), 0):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    known = reached(world, installation)
    chosen = [r for r in known if r.name.lower() in {n.lower() for n in names or ()} or r.id in set(ids or ())]
    if len({n.lower() for n in names or ()} | set(ids or ())) > len(chosen):
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    app = world.apps[installation.app_id]
    value = "ghs_" + secrets.token_urlsafe(world.quirks.token_length).replace("_", "x").replace("-", "y")
    token = Token(
        value=value[: world.quirks.token_length],
        user=app.bot,
        app_id=app.id,
        installation_id=installation.id,
        permissions=dict(granted if permissions is None else permissions) | {"metadata": "read"},
        repository_ids=tuple(r.id for r in chosen) if names or ids else None,
        expires=world.now() + TOKEN_SECONDS,
    )
    world.tokens[token.value] = token
    return token


def create_repository(
    world: World, full_name: str, default_branch: str, private: bool, description: str | None = None
) -> Repository:
    owner, _, name = full_name.partition("/")
    account = create_user(world, owner)
    if not name or "/" in name or any(r.full_name.lower() == full_name.lower() for r in world.repositories.values()):
        raise ValueError(f"{full_name} is not a new OWNER/NAME")
    repo = Repository(
        id=world.new_id(),
        owner=account.login,
        name=name,
        path=world.root / account.login / f"{name}.git",
        private=private,
        default_branch=default_branch,
        description=description,
        created=world.now(),
        pushed=world.now(),
    )
    objects.create(repo.path, default_branch)
    world.repositories[repo.id] = repo
    return repo


def fork(world: World, parent: Repository, owner: str) -> Repository:
    """A copy under another account, as GitHub's fork button makes it.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/working-with-forks"""
    made = create_repository(world, f"{owner}/{parent.name}", parent.default_branch, parent.private)
    made = replace(made, fork_of=parent.id)
    world.repositories[made.id] = made
    heads = "+refs/heads/*:refs/heads/*"
    objects.git(made.path, "fetch", "--quiet", "--no-tags", str(parent.path), heads, "+refs/tags/*:refs/tags/*")
    return made


def delete_repository(world: World, repo: Repository) -> None:
    """Pull requests that came from it stay open, with the commits that their target holds. An installation that was
    given it by name has it no more.
    https://docs.github.com/en/repositories/creating-and-managing-repositories/deleting-a-repository"""
    for value in [i for i in world.installations.values() if repo.id in (i.repository_ids or ())]:
        left = replace(value, repository_ids=tuple(i for i in value.repository_ids or () if i != repo.id))
        world.installations[value.id] = left
        events.installation_repositories(world, left, "removed", [repo.id])
    world.deleted[repo.id] = world.repositories.pop(repo.id)


def set_collaborator(world: World, repo: Repository, login: str, permission: str | None) -> None:
    """`permission` is admin, maintain, write, triage, read or None to remove."""
    user = create_user(world, login)
    world.collaborators.pop((repo.id, user.login.lower()), None)
    if permission and permission != "none":
        world.collaborators[repo.id, user.login.lower()] = permission


def add_member(world: World, organization: str, login: str, team: str = "") -> None:
    """A member of the organization may read its repositories; more is given by `set_collaborator`."""
    account, user = create_user(world, organization, "Organization"), create_user(world, login)
    world.members.add((account.login.lower(), user.login.lower()))
    if team:
        world.teams.add((account.login.lower(), team, user.login.lower()))


def create_label(world: World, repo: Repository, name: str, color: str, description: str | None) -> Label:
    label = find_label(world, repo, name)
    if label is None:
        label = Label(id=world.new_id(), repo_id=repo.id, name=name, color=color.lstrip("#"), description=description)
        world.labels[label.id] = label
    return label


def find_label(world: World, repo: Repository, name: str) -> Label | None:
    """Labels differ without case."""
    found = (x for x in world.labels.values() if x.repo_id == repo.id and x.name.lower() == name.lower())
    return next(found, None)


def _own(world: World, owner: str, name: str) -> Repository:
    return world.repository(name if "/" in name else f"{owner}/{name}")
