"""Reviews and their comments on lines of the diff. Called by `routes.reviews` and `Forge`.

https://docs.github.com/en/rest/pulls/reviews and https://docs.github.com/en/rest/pulls/comments
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forgehand.practice import compare, render
from forgehand.practice.acts import events
from forgehand.practice.acts.limits import check_body
from forgehand.practice.diffs import FileDiff, Line
from forgehand.practice.errors import Refusal, invalid, not_found, unprocessable
from forgehand.practice.records import Pull, Review, ReviewComment
from forgehand.practice.world import World

STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
DECISIVE = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


@dataclass(frozen=True)
class Anchor:
    """Where a new comment points. A comment on the whole file has no line."""

    path: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    subject_type: str = "line"


class Unresolved(Exception):
    """An anchor that is not in the diff; the message is GitHub's sentence in a review's answer."""


def create(
    world: World,
    pull: Pull,
    by: str,
    event: str | None,
    body: str | None,
    commit_id: str | None,
    comments: Sequence[tuple[Anchor, str]],
) -> Review:
    """All of the review or nothing. Without `event` it stays PENDING, seen by its author only."""
    commit = commit_id or pull.head_sha
    _check(world, pull, by, event, body, commit, len(comments))
    made: list[ReviewComment] = []
    review = Review(
        id=world.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        user=by,
        body=body or "",
        state="PENDING" if event is None else STATES[event],
        commit_id=commit,
        created=world.now(),
        submitted=None if event is None else world.now(),
    )
    for anchor, text in comments:
        check_body("PullRequestReviewComment", text, required=True)
        try:
            made.append(_comment(world, pull, review, anchor, text))
        except Unresolved as error:
            raise unprocessable(str(error)) from error
    world.reviews[review.id] = review
    world.review_comments.update({comment.id: comment for comment in made})
    if review.submitted is not None:
        _submitted(world, review, by)
    return review


def comment(world: World, pull: Pull, by: str, commit_id: str, anchor: Anchor, body: str) -> ReviewComment:
    """One comment by itself: GitHub wraps it in a review of its own."""
    check_body("PullRequestReviewComment", body, required=True)
    _check(world, pull, by, "COMMENT", None, commit_id, 1)
    review = Review(
        id=world.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        user=by,
        body="",
        state="COMMENTED",
        commit_id=commit_id,
        created=world.now(),
        submitted=world.now(),
    )
    try:
        made = _comment(world, pull, review, anchor, body)
    except Unresolved as error:
        field = "path" if "Path" in str(error) else "line"
        name = f"pull_request_review_thread.{field}"
        raise invalid("PullRequestReviewComment", name, "custom", f"{name} must be part of the diff") from error
    world.reviews[review.id], world.review_comments[made.id] = review, made
    _submitted(world, review, by)
    return made


def reply(world: World, pull: Pull, to: ReviewComment, body: str, by: str) -> ReviewComment:
    check_body("PullRequestReviewComment", body, required=True)
    if to.in_reply_to_id is not None:
        # "Replies to replies are not supported."
        raise not_found()
    review = Review(
        id=world.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        user=by,
        body="",
        state="COMMENTED",
        commit_id=to.commit_id,
        created=world.now(),
        submitted=world.now(),
    )
    made = replace(
        to,
        id=world.new_id(),
        review_id=review.id,
        user=by,
        body=body,
        created=world.now(),
        updated=world.now(),
        in_reply_to_id=to.id,
    )
    world.reviews[review.id], world.review_comments[made.id] = review, made
    _announce_comment(world, made, "created", by)
    return made


def submit(world: World, pull: Pull, review: Review, event: str | None, body: str | None, by: str) -> Review:
    """https://docs.github.com/en/rest/pulls/reviews#submit-a-review-for-a-pull-request"""
    if review.state != "PENDING" or event not in STATES:
        raise unprocessable("Could not submit the review: it is not pending, or the event is missing")
    _check_event(pull, by, event, body or review.body, len(comments_of(world, review)))
    done = replace(review, state=STATES[event], body=body or review.body, submitted=world.now())
    world.reviews[done.id] = done
    _submitted(world, done, by)
    return done


def delete_pending(world: World, review: Review) -> None:
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    for made in comments_of(world, review):
        del world.review_comments[made.id]
    del world.reviews[review.id]


def dismiss_stale(world: World, pull: Pull, by: str) -> None:
    """The approvals of a pull request whose diff is another one now.
    https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches#require-pull-request-reviews-before-merging"""
    now = patch_of(world, pull, pull.head_sha)
    for review in of(world, pull):
        if review.state == "APPROVED" and patch_of(world, pull, review.commit_id) != now:
            _dismiss(world, review, by)


def patch_of(world: World, pull: Pull, head: str) -> list[tuple[str, str, str | None]]:
    """What the reviewer saw: every changed file with its patch."""
    return [(f.filename, f.status, f.patch or f.sha) for f in compare.files(world, pull, head)]


def dismiss(world: World, review: Review, message: str, by: str) -> Review:
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    if not message.strip():
        raise invalid("PullRequestReview", "message", "missing_field")
    return _dismiss(world, review, by)


def _dismiss(world: World, review: Review, by: str) -> Review:
    done = replace(review, state="DISMISSED")
    world.reviews[done.id] = done
    _touch(world, review)
    _announce(world, done, "dismissed", by)
    return done


def edit(world: World, review: Review, body: str, by: str) -> Review:
    check_body("PullRequestReview", body, required=True)
    done = replace(review, body=body)
    world.reviews[done.id] = done
    if done.submitted is not None:
        _announce(world, done, "edited", by, changes={"body": {"from": review.body}})
    return done


def edit_comment(world: World, old: ReviewComment, body: str, by: str) -> ReviewComment:
    check_body("PullRequestReviewComment", body, required=True)
    made = replace(old, body=body, updated=world.now())
    world.review_comments[made.id] = made
    _announce_comment(world, made, "edited", by, changes={"body": {"from": old.body}})
    return made


def delete_comment(world: World, old: ReviewComment, by: str) -> None:
    del world.review_comments[old.id]
    _announce_comment(world, old, "deleted", by)


def of(world: World, pull: Pull, viewer: str | None = None) -> list[Review]:
    """The reviews, oldest first, with the pending ones of `viewer` only."""
    return [
        r
        for r in world.reviews.values()
        if (r.repo_id, r.number) == (pull.repo_id, pull.number) and (r.state != "PENDING" or r.user == viewer)
    ]


def verdicts(world: World, pull: Pull) -> dict[str, Review]:
    """The latest review of each person that decides something: a later comment leaves an approval standing.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/about-pull-request-reviews"""
    decided = [r for r in of(world, pull) if r.state in DECISIVE and r.user != pull.user]
    return {r.user: r for r in sorted(decided, key=lambda r: (r.submitted or 0.0, r.id))}


def comments_of(world: World, review: Review) -> list[ReviewComment]:
    return [c for c in world.review_comments.values() if c.review_id == review.id]


def visible_comments(world: World, pull: Pull) -> list[ReviewComment]:
    """The comments of all submitted reviews, oldest first."""
    submitted = {r.id for r in of(world, pull)}
    return [c for c in world.review_comments.values() if c.review_id in submitted]


def anchor(given: Mapping[str, Any]) -> Anchor:
    """The anchor in a request's JSON."""
    return Anchor(
        path=str(given.get("path", "")),
        line=given.get("line"),
        side=str(given.get("side") or "RIGHT"),
        start_line=given.get("start_line"),
        start_side=given.get("start_side"),
        position=given.get("position"),
        subject_type=str(given.get("subject_type") or "line"),
    )


def _check(world: World, pull: Pull, by: str, event: str | None, body: str | None, commit: str, count: int) -> None:
    check_body("PullRequestReview", body)
    if any(r.state == "PENDING" and r.user == by for r in of(world, pull, by)):
        raise unprocessable("User can only have one pending review per pull request")
    known = [*compare.commits(world, pull), pull.head_sha]
    if commit not in known:
        git = world.git(world.repositories[pull.repo_id])
        if git.kind(commit) != "commit" or not git.is_ancestor(pull.base_sha, commit):
            raise Refusal(422, "Validation Failed", ["commit_id is not part of the pull request"])
    if event is not None:
        _check_event(pull, by, event, body, count)


def _check_event(pull: Pull, by: str, event: str, body: str | None, count: int) -> None:
    if event not in STATES:
        raise invalid("PullRequestReview", "event")
    if by == pull.user and event == "APPROVE":
        raise unprocessable("Can not approve your own pull request")
    if by == pull.user and event == "REQUEST_CHANGES":
        raise unprocessable("Can not request changes on your own pull request")
    if not (body or "").strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not count)):
        # "Required when using REQUEST_CHANGES or COMMENT"; inline comments alone are taken for the latter.
        raise unprocessable("Could not create the review: the body is missing")


def _comment(world: World, pull: Pull, review: Review, where: Anchor, body: str) -> ReviewComment:
    file = next((f for f in compare.files(world, pull, review.commit_id) if f.filename == where.path), None)
    if file is None:
        raise Unresolved("Path could not be resolved")
    line = None if where.subject_type == "file" else _resolve(file, where)
    return ReviewComment(
        id=world.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        review_id=review.id,
        user=review.user,
        body=body,
        path=where.path,
        commit_id=review.commit_id,
        line=where.line if line is None or where.line is not None else line.new or line.old,
        side=where.side if where.position is None or line is None else ("LEFT" if line.tag == "-" else "RIGHT"),
        start_line=where.start_line,
        start_side=(where.start_line and (where.start_side or where.side)) or None,
        subject_type=where.subject_type,
        diff_hunk=file.hunk_until(line) if line else "",
        position=line.position if line else None,
        created=world.now(),
        updated=world.now(),
    )


def _resolve(file: FileDiff, where: Anchor) -> Line:
    """The line of the diff that is meant. A range must lie in one hunk, and begin before it ends."""
    if where.position is not None and where.line is None:
        found = next((x for x in file.lines() if x.position == where.position), None)
        if found is None:
            raise Unresolved("Position could not be resolved")
        return found
    last = file.find(where.side, where.line) if isinstance(where.line, int) else None
    if last is None or where.side not in ("LEFT", "RIGHT"):
        raise Unresolved("Line could not be resolved")
    if where.start_line is not None:
        first = file.find(where.start_side or where.side, where.start_line)
        if first is None or first.hunk != last.hunk:
            raise Unresolved("Pull request review thread start line must be part of the same hunk as the line.")
        if first.position >= last.position:
            raise Unresolved("Pull request review thread start line must precede the end line.")
    return last


def _submitted(world: World, review: Review, by: str) -> None:
    """Everybody hears of it, and its author's review is asked for no longer."""
    _touch(world, review)
    _announce(world, review, "submitted", by)
    for made in comments_of(world, review):
        _announce_comment(world, made, "created", by)
    pull = world.threads[review.repo_id, review.number]
    assert isinstance(pull, Pull)
    if review.user in pull.reviewers:
        world.put(replace(pull, reviewers=tuple(login for login in pull.reviewers if login != review.user)))


def _touch(world: World, review: Review) -> None:
    pull = world.threads[review.repo_id, review.number]
    world.put(replace(pull, updated=world.now()))


def _announce(world: World, review: Review, action: str, by: str, **fields: Any) -> None:
    repo, pull = world.repositories[review.repo_id], world.threads[review.repo_id, review.number]
    assert isinstance(pull, Pull)
    rendered = render.reviews.review(world, review)
    # Unlike REST, the webhook writes the state in lower case.
    rendered["state"] = rendered["state"].lower()
    simple = render.pulls.simple(world, pull)
    events.emit(world, repo, "pull_request_review", by, action=action, review=rendered, pull_request=simple, **fields)


def _announce_comment(world: World, made: ReviewComment, action: str, by: str, **fields: Any) -> None:
    repo, pull = world.repositories[made.repo_id], world.threads[made.repo_id, made.number]
    assert isinstance(pull, Pull)
    rendered = render.reviews.comment(world, made)
    simple = render.pulls.simple(world, pull)
    name = "pull_request_review_comment"
    events.emit(world, repo, name, by, action=action, comment=rendered, pull_request=simple, **fields)
