"""The end of the manifest flow: a code becomes an app's credentials. `pages.settings` hands the codes out.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from forgehand.practice import render
from forgehand.practice.errors import not_found
from forgehand.practice.manifest import redeem
from forgehand.practice.router import Reply, Request, route


@route("POST", "/app-manifests/{code}/conversions")
def convert(request: Request) -> Reply:
    app = redeem(request.world, request.params["code"])
    if app is None:
        raise not_found()
    secrets = {
        "client_secret": app.client_secret,
        "webhook_secret": app.webhook_secret or None,
        "pem": app.private_key,
    }
    return Reply(render.accounts.own_app(request.world, app) | secrets, 201)
