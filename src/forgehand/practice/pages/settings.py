"""Where the manifest flow begins: a form posted here registers an app and sends the browser back with a code.

GitHub asks the person to confirm the name; here the post is the confirmation.
https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from html import escape
from urllib.parse import parse_qs

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


def app_page(world: World, app: App) -> Reply:
    accounts = [i.account for i in world.installations.values() if i.app_id == app.id]
    rows = "".join(f"<li>{escape(name)}: {escape(level)}</li>" for name, level in app.permissions.items())
    body = f"<h1>{escape(app.name)}</h1><p>{escape(app.description or '')}</p><h2>Permissions</h2><ul>{rows}</ul>"
    body += f"<h2>Installed on</h2><p>{escape(', '.join(accounts) or 'no account')}</p>"
    body += f'<form method="post" action="/apps/{escape(app.slug)}/installations/new">'
    body += '<p>Account <input name="account"> <button>Install on all its repositories</button></p></form>'
    return page(app.name, body)
