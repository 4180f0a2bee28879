"""Comments on issues and pull requests, and reactions to them. https://docs.github.com/en/rest/issues/comments"""

from forgehand.practice import render
from forgehand.practice.acts import threads
from forgehand.practice.auth import permitted
from forgehand.practice.errors import forbidden, not_found
from forgehand.practice.records import Comment, Pull
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.issues import EITHER_READ, EITHER_WRITE, issue_of


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *EITHER_READ)
def list_comments(request: Request) -> Reply:
    found = threads.comments(request.world, issue_of(request))
    if since := request.query.get("since"):
        found = [c for c in found if render.iso(c.updated) >= since]
    return request.page(request.fresh(found), lambda c: render.threads.comment(request.world, c))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *EITHER_WRITE)
def create_comment(request: Request) -> Reply:
    issue, caller = issue_of(request, writing=True), request.caller
    made = threads.comment(request.world, issue, request.need_text("body"), caller.login, caller.app_id)
    body = render.threads.comment(request.world, made)
    return Reply(body, 201, {"Location": body["url"]})


@route("GET", "/repos/{owner}/{repo}/issues/comments", *EITHER_READ)
def list_all_comments(request: Request) -> Reply:
    found = [c for c in request.world.comments.values() if c.repo_id == request.repo.id]
    if since := request.query.get("since"):
        found = [c for c in found if render.iso(c.updated) >= since]
    return request.page(request.fresh(found), lambda c: render.threads.comment(request.world, c))


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *EITHER_READ)
def get_comment(request: Request) -> Reply:
    return Reply(render.threads.comment(request.world, _comment(request)))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *EITHER_WRITE)
def update_comment(request: Request) -> Reply:
    old = _own(request)
    made = threads.edit_comment(request.world, old, request.need_text("body"), request.caller.login)
    return Reply(render.threads.comment(request.world, made))


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *EITHER_WRITE)
def delete_comment(request: Request) -> Reply:
    threads.delete_comment(request.world, _own(request), request.caller.login)
    return Reply(status=204)


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", *EITHER_READ)
def list_reactions(request: Request) -> Reply:
    target = _comment(request)
    found = [r for r in request.world.reactions.values() if r.comment_id == target.id]
    if content := request.query.get("content"):
        found = [r for r in found if r.content == content]
    return request.page(request.fresh(found), lambda r: render.threads.reaction(request.world, r))


@route("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", *EITHER_WRITE)
def create_reaction(request: Request) -> Reply:
    """200 where the same reaction was there already."""
    made, new = threads.react(
        request.world, _comment(request, "write"), request.need_text("content"), request.caller.login
    )
    return Reply(render.threads.reaction(request.world, made), 201 if new else 200)


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}", *EITHER_WRITE)
def delete_reaction(request: Request) -> Reply:
    target, number = _comment(request, "write"), request.number("reaction_id")
    found = request.world.reactions.get(number)
    if found is None or found.comment_id != target.id or found.user != request.caller.login:
        raise not_found()
    del request.world.reactions[number]
    return Reply(status=204)


def _comment(request: Request, level: str = "read") -> Comment:
    found = request.world.comments.get(request.number("comment_id"))
    if found is None or found.repo_id != request.repo.id:
        raise not_found()
    thread = request.world.threads[found.repo_id, found.number]
    needs = [f"issues:{level}"] + ([f"pull_requests:{level}"] if isinstance(thread, Pull) else [])
    if level == "write" and request.caller.kind == "installation" and not permitted(request.caller, needs):
        raise forbidden("; ".join(need.replace(":", "=") for need in needs))
    return found


def _own(request: Request) -> Comment:
    """An app changes its own comments; a person with push access anybody's."""
    found = _comment(request, "write")
    strong = request.world.permission(request.repo, request.caller.login) in ("write", "admin")
    if found.user != request.caller.login and not (request.caller.kind == "user" and strong):
        raise forbidden("issues=write")
    return found
