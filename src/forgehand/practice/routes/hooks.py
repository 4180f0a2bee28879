"""The app's webhook and its deliveries. https://docs.github.com/en/rest/apps/webhooks"""

from forgehand.practice import render
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import Delivery
from forgehand.practice.router import MOST_PER_PAGE, Reply, Request, route
from forgehand.practice.routes.apps import app_of


@route("GET", "/app/hook/config", caller="app")
def get_config(request: Request) -> Reply:
    return Reply(render.hooks.config(app_of(request)))


@route("PATCH", "/app/hook/config", caller="app")
def update_config(request: Request) -> Reply:
    app = app_of(request)
    app.webhook_url = request.text("url") or app.webhook_url
    app.webhook_secret = request.text("secret") or app.webhook_secret
    return Reply(render.hooks.config(app))


@route("GET", "/app/hook/deliveries", caller="app")
def list_deliveries(request: Request) -> Reply:
    """Newest first, by cursor. https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook"""
    found = request.world.webhooks.history(app_of(request))
    status = request.query.get("status")
    if status is not None:
        if status not in ("success", "failure"):
            raise Refusal(422, "Validation Failed")
        found = [d for d in found if (200 <= d.status_code < 400) == (status == "success")]
    size = request.query.get("per_page", "30")
    count = min(int(size), MOST_PER_PAGE) if size.isdigit() and int(size) > 0 else 30
    cursor = request.query.get("cursor")
    if cursor is not None:
        number = cursor.removeprefix("v1_")
        if not number.isdigit():
            raise Refusal(400, "Invalid cursor")
        found = [d for d in found if d.id < int(number)]
    shown = found[:count]
    headers = {}
    if len(found) > count:
        headers["Link"] = f'<{request.address(cursor=f"v1_{shown[-1].id}")}>; rel="next"'
    return Reply([render.hooks.item(d) for d in shown], headers=headers)


@route("GET", "/app/hook/deliveries/{delivery_id}", caller="app")
def get_delivery(request: Request) -> Reply:
    return Reply(render.hooks.delivery(_delivery(request)))


@route("POST", "/app/hook/deliveries/{delivery_id}/attempts", caller="app")
def redeliver(request: Request) -> Reply:
    request.world.webhooks.redeliver(app_of(request), _delivery(request))
    return Reply({}, 202)


def _delivery(request: Request) -> Delivery:
    number = request.number("delivery_id")
    for found in request.world.webhooks.history(app_of(request)):
        if found.id == number:
            return found
    raise not_found()
