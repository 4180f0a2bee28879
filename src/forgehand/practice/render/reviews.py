"""Reviews and their comments. https://docs.github.com/en/rest/pulls/reviews"""

from typing import Any

from forgehand.practice import compare
from forgehand.practice.diffs import FileDiff, follow
from forgehand.practice.records import Pull, Review, ReviewComment
from forgehand.practice.render import accounts, threads
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso
from forgehand.practice.world import World


def review(world: World, value: Review) -> dict[str, Any]:
    repo = world.repositories[value.repo_id]
    page = f"{html(world, repo)}/pull/{value.number}#pullrequestreview-{value.id}"
    pull = f"{api(world, repo)}/pulls/{value.number}"
    body: dict[str, Any] = {
        "id": value.id,
        "node_id": node("PRR_kwDO", value.id),
        "user": accounts.user(world, value.user),
        "body": value.body,
        "state": value.state,
        "html_url": page,
        "pull_request_url": pull,
        "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
        "commit_id": value.commit_id,
        "author_association": accounts.association(world, repo, value.user),
    }
    if value.submitted is not None:
        body["submitted_at"] = iso(value.submitted)
    return body


def comment(world: World, value: ReviewComment) -> dict[str, Any]:
    """As `/pulls/{pull_number}/comments` shows it: `line` is None once the line is outdated."""
    repo = world.repositories[value.repo_id]
    pull = world.threads[value.repo_id, value.number]
    assert isinstance(pull, Pull)
    root, page = f"{api(world, repo)}/pulls/comments/{value.id}", f"{html(world, repo)}/pull/{value.number}"
    page, above = f"{page}#discussion_r{value.id}", f"{api(world, repo)}/pulls/{value.number}"
    line, start, position = current_place(world, pull, value)
    body: dict[str, Any] = {
        "url": root,
        "id": value.id,
        "node_id": node("PRRC_kwDO", value.id),
        "pull_request_review_id": value.review_id,
        "diff_hunk": value.diff_hunk,
        "path": value.path,
        "commit_id": value.commit_id if line is None else pull.head_sha,
        "original_commit_id": value.commit_id,
        "user": accounts.user(world, value.user),
        "body": value.body,
        "created_at": iso(value.created),
        "updated_at": iso(value.updated),
        "html_url": page,
        "pull_request_url": above,
        "author_association": accounts.association(world, repo, value.user),
        "_links": {"self": {"href": root}, "html": {"href": page}, "pull_request": {"href": above}},
        "subject_type": value.subject_type,
        "reactions": threads.rollup(world, root, value.id),
    }
    if value.subject_type == "line":
        body |= {
            "line": line,
            "original_line": value.line,
            "side": value.side,
            "start_line": start,
            "original_start_line": value.start_line,
            "start_side": value.start_side,
            "position": position,
            "original_position": value.position,
        }
    else:
        body |= {"position": 1, "original_position": 1}
    if value.in_reply_to_id is not None:
        body["in_reply_to_id"] = value.in_reply_to_id
    return body


def current_place(world: World, pull: Pull, value: ReviewComment) -> tuple[int | None, int | None, int | None]:
    """The comment's line, its start line and its position in the pull request's present diff. All are None once the
    line has left the diff: the comment is outdated."""
    if value.line is None or pull.head_sha == value.commit_id:
        return value.line, value.start_line, value.position
    git = world.git(world.repositories[pull.repo_id])
    changes = git.diff(value.commit_id, pull.head_sha)
    change = next((f for f in changes if value.path in (f.filename, f.previous_filename)), None)
    path = change.filename if change else value.path
    shown = next((f for f in compare.files(world, pull) if f.filename == path), None)
    last = _shown(shown, change, value.side or "RIGHT", value.line)
    if last is None:
        return None, None, None
    first = _shown(shown, change, value.start_side or "RIGHT", value.start_line)
    return last[0], first[0] if first else None, last[1]


def _shown(shown: FileDiff | None, change: FileDiff | None, side: str, number: int | None) -> tuple[int, int] | None:
    """Where a line of the head that was commented on, or of the base, is now, and its position in the diff."""
    now = number if number is None or side == "LEFT" else follow(number, change)
    if shown is None or now is None:
        return None
    found = shown.find(side, now)
    return (now, found.position) if found else None
