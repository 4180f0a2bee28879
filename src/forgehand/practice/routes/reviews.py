"""Reviews and review comments. https://docs.github.com/en/rest/pulls/reviews"""

from typing import TypeVar

from forgehand.practice import render
from forgehand.practice.acts import reviews
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import Pull, Review, ReviewComment
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.pulls import pull_of

T = TypeVar("T", Review, ReviewComment)


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:read")
def list_reviews(request: Request) -> Reply:
    found = reviews.of(request.world, pull_of(request), request.caller.login)
    return request.page(request.fresh(found), lambda r: render.reviews.review(request.world, r))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:write")
def create_review(request: Request) -> Reply:
    """https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request"""
    given = request.body.get("comments") or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/comments', it is not an array of objects.")
    comments = [(reviews.anchor(item), str(item.get("body") or "")) for item in given]
    made = reviews.create(
        request.world,
        pull_of(request),
        request.caller.login,
        request.text("event") or None,
        request.text("body"),
        request.text("commit_id"),
        comments,
    )
    return Reply(render.reviews.review(request.world, made))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:read")
def get_review(request: Request) -> Reply:
    return Reply(render.reviews.review(request.world, _review(request)))


@route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
def update_review(request: Request) -> Reply:
    old = _own(request, _review(request))
    made = reviews.edit(request.world, old, request.need_text("body"), request.caller.login)
    return Reply(render.reviews.review(request.world, made))


@route("DELETE", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
def delete_review(request: Request) -> Reply:
    found = _own(request, _review(request))
    body = render.reviews.review(request.world, found)
    reviews.delete_pending(request.world, found)
    return Reply(body)


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments", "pull_requests:read")
def list_comments_of_review(request: Request) -> Reply:
    found = reviews.comments_of(request.world, _review(request))
    return request.page(request.fresh(found), lambda c: _legacy(render.reviews.comment(request.world, c)))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events", "pull_requests:write")
def submit_review(request: Request) -> Reply:
    old, text = _own(request, _review(request)), request.text("body")
    made = reviews.submit(request.world, pull_of(request), old, request.text("event"), text, request.caller.login)
    return Reply(render.reviews.review(request.world, made))


@route(
    "PUT",
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals",
    "pull_requests:write",
    user="write",
)
def dismiss_review(request: Request) -> Reply:
    old = _review(request)
    made = reviews.dismiss(request.world, old, request.need_text("message"), request.caller.login)
    return Reply(render.reviews.review(request.world, made))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:read")
def list_comments(request: Request) -> Reply:
    found = reviews.visible_comments(request.world, pull_of(request))
    if request.query.get("direction") == "desc" and request.query.get("sort"):
        found.reverse()
    if since := request.query.get("since"):
        found = [c for c in found if render.iso(c.updated) >= since]
    return request.page(request.fresh(found), lambda c: render.reviews.comment(request.world, c))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:write")
def create_comment(request: Request) -> Reply:
    """https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request"""
    body, pull = request.need_text("body"), pull_of(request)
    if isinstance(request.body.get("in_reply_to"), int):
        to = _comment_of(request, pull, request.body["in_reply_to"])
        made = reviews.reply(request.world, pull, to, body, request.caller.login)
    else:
        request.need_text("path")
        commit, anchor = request.need_text("commit_id"), reviews.anchor(request.body)
        made = reviews.comment(request.world, pull, request.caller.login, commit, anchor, body)
    shown = render.reviews.comment(request.world, made)
    return Reply(shown, 201, {"Location": shown["url"]})


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", "pull_requests:write")
def create_reply(request: Request) -> Reply:
    pull = pull_of(request)
    to = _comment_of(request, pull, request.number("comment_id"))
    made = reviews.reply(request.world, pull, to, request.need_text("body"), request.caller.login)
    shown = render.reviews.comment(request.world, made)
    return Reply(shown, 201, {"Location": shown["url"]})


@route("GET", "/repos/{owner}/{repo}/pulls/comments", "pull_requests:read")
def list_all_comments(request: Request) -> Reply:
    found = [c for pull in request.world.pulls(request.repo) for c in reviews.visible_comments(request.world, pull)]
    found.sort(key=lambda c: c.id)
    return request.page(request.fresh(found), lambda c: render.reviews.comment(request.world, c))


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:read")
def get_comment(request: Request) -> Reply:
    return Reply(render.reviews.comment(request.world, _comment(request)))


@route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:write")
def update_comment(request: Request) -> Reply:
    old = _own(request, _comment(request))
    made = reviews.edit_comment(request.world, old, request.need_text("body"), request.caller.login)
    return Reply(render.reviews.comment(request.world, made))


@route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:write")
def delete_comment(request: Request) -> Reply:
    reviews.delete_comment(request.world, _own(request, _comment(request)), request.caller.login)
    return Reply(status=204)


def _review(request: Request) -> Review:
    pull, found = pull_of(request), request.world.reviews.get(request.number("review_id"))
    if found is None or found not in reviews.of(request.world, pull, request.caller.login):
        raise not_found()
    return found


def _comment_of(request: Request, pull: Pull, number: int) -> ReviewComment:
    found = request.world.review_comments.get(number)
    if found is None or (found.repo_id, found.number) != (pull.repo_id, pull.number):
        raise not_found()
    return found


def _comment(request: Request) -> ReviewComment:
    found = request.world.review_comments.get(request.number("comment_id"))
    if found is None or found.repo_id != request.repo.id:
        raise not_found()
    return found


def _own(request: Request, value: T) -> T:
    if value.user != request.caller.login:
        raise Refusal(403, "Resource not accessible by integration")
    return value


def _legacy(body: dict[str, object]) -> dict[str, object]:
    """The list below a review shows positions only, not lines.
    https://docs.github.com/en/rest/pulls/reviews#list-comments-for-a-pull-request-review"""
    gone = ("line", "original_line", "side", "start_line", "original_start_line", "start_side", "subject_type")
    return {key: value for key, value in body.items() if key not in gone}
