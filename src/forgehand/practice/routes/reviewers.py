"""Whose review is asked for. https://docs.github.com/en/rest/pulls/review-requests"""

from forgehand.practice import render
from forgehand.practice.acts import pulls
from forgehand.practice.errors import Refusal
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.pulls import pull_of

PATH = "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers"


@route("GET", PATH, "pull_requests:read")
def list_reviewers(request: Request) -> Reply:
    found = [render.accounts.user(request.world, login) for login in pull_of(request).reviewers]
    return Reply({"users": found, "teams": []})


@route("POST", PATH, "pull_requests:write", user="write")
def add_reviewers(request: Request) -> Reply:
    changed = pulls.ask_for_reviews(request.world, pull_of(request), _logins(request), request.caller.login)
    return Reply(render.pulls.simple(request.world, changed), 201)


@route("DELETE", PATH, "pull_requests:write", user="write")
def remove_reviewers(request: Request) -> Reply:
    changed = pulls.withdraw_reviews(request.world, pull_of(request), _logins(request), request.caller.login)
    return Reply(render.pulls.simple(request.world, changed))


def _logins(request: Request) -> list[str]:
    if request.body.get("team_reviewers"):
        raise Refusal(501, "team_reviewers are not modelled by the practice forge")
    return [str(login) for login in request.body.get("reviewers") or ()]
