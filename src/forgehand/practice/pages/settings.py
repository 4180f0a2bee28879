"""Where the manifest flow begins: a form posted here registers an app and sends the browser back with a code.

GitHub asks the person to confirm the name; here the post is the confirmation.
https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import re
from html import escape
from urllib.parse import parse_qs

from forgehand.practice.acts import accounts
from forgehand.practice.manifest import BadManifest, register
from forgehand.practice.pages.layout import page
from forgehand.practice.records import App
from forgehand.practice.router import Reply
from forgehand.practice.world import World


def new_app(world: World, query: dict[str, str], body: bytes, owner: str) -> Reply:
    """`manifest` comes as a form field, `state` as a query parameter or a field."""
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        target = register(world, form.get("manifest", ""), query.get("state") or form.get("state"), owner)
    except BadManifest as error:
        return page("Register an app", f"<h1>This manifest is not valid</h1><p>{escape(str(error))}</p>", 422)
    return Reply("", 302, {"Location": target}, "text/plain; charset=utf-8")


def new_repository(world: World, body: bytes) -> Reply:
    """An empty repository of this OWNER/NAME."""
    name = _field(body, "name")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", name) or name.endswith((".", ".git")):
        return page("New repository", "<h1>That is not OWNER/NAME</h1>", 422)
    try:
        repo = accounts.create_repository(world, name, "main", private=False)
    except ValueError as error:
        return page("New repository", f"<h1>Refused</h1><p>{escape(str(error))}</p>", 422)
    return Reply("", 302, {"Location": f"/{repo.full_name}"}, "text/plain; charset=utf-8")


def new_token(world: World, body: bytes) -> Reply:
    """A personal access token, shown once."""
    login = _field(body, "login")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}", login):
        return page("New token", "<h1>That is not a login</h1>", 422)
    try:
        token = accounts.create_user_token(world, accounts.create_user(world, login).login)
    except ValueError as error:
        return page("New token", f"<h1>Refused</h1><p>{escape(str(error))}</p>", 422)
    return page("New token", f"<h1>A token of {escape(login)}</h1><pre>{token}</pre><p>It is not shown again.</p>")


def app_page(world: World, app: App) -> Reply:
    installed = [i.account for i in world.installations.values() if i.app_id == app.id]
    rows = "".join(f"<li>{escape(name)}: {escape(level)}</li>" for name, level in app.permissions.items())
    body = f"<h1>{escape(app.name)}</h1><p>{escape(app.description or '')}</p><h2>Permissions</h2><ul>{rows}</ul>"
    body += f"<h2>Installed on</h2><p>{escape(', '.join(installed) or 'no account')}</p>"
    body += f'<form method="post" action="/apps/{escape(app.slug)}/installations/new">'
    body += '<p>Account <input name="account"> <button>Install on all its repositories</button></p></form>'
    return page(app.name, body)


def _field(body: bytes, name: str) -> str:
    return parse_qs(body.decode("utf-8", "replace")).get(name, [""])[0].strip()
