"""About the service and the caller: rate limit, meta, zen, users.

https://docs.github.com/en/rest/rate-limit, https://docs.github.com/en/rest/meta, https://docs.github.com/en/rest/users
"""

from forgehand.practice import render
from forgehand.practice.errors import Refusal, requires_authentication
from forgehand.practice.router import Reply, Request, route


@route("GET", "/rate_limit")
def rate_limit(request: Request) -> Reply:
    """Asking is free."""
    core = request.world.limits.state(request.caller.actor, request.world.now())
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return Reply({"resources": {"core": core, "search": search}, "rate": core})


@route("GET", "/meta")
def meta(request: Request) -> Reply:
    return Reply({"verifiable_password_authentication": False, "hooks": ["127.0.0.0/8"], "git": ["127.0.0.0/8"]})


@route("GET", "/zen")
def zen(request: Request) -> Reply:
    return Reply("Practicality beats purity.", media="text/plain; charset=utf-8")


@route("GET", "/user")
def get_user(request: Request) -> Reply:
    if request.caller.kind == "anonymous":
        raise requires_authentication()
    if request.caller.kind != "user":
        raise Refusal(403, "Resource not accessible by integration")
    return Reply(render.accounts.public_user(request.world, request.caller.login))


@route("GET", "/users/{username}")
def get_user_by_name(request: Request) -> Reply:
    return Reply(render.accounts.public_user(request.world, request.params["username"]))
